import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerSpec, HostSpec } from '../../lab/sim/spec.ts';
import type { FaultCase } from './fault-case.ts';
import { content, isWhole, runsAtEnd, volumeIsSafe } from './volume-invariants.ts';

const mib = 1024 ** 2;
const app: ContainerSpec = { name: 'app', volumes: { 'foo-0': '/data' }, restart: 'always' };
const host: HostSpec = { name: 'backups', kind: 'overlay2-pquota', volumes: [{ name: 'foo-0', bytes: 20 * mib, files: content }], containers: [app] };

/** One backup, and nothing that is none beside it. */
async function oneBackup(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.startsWith('foo-0@') || name.startsWith('.'));
  const [archive = '', manifest = '', ...more] = names.toSorted().toReversed();
  if (!archive.endsWith('.tar.zst') || manifest !== archive.replace('.tar.zst', '.json') || more.length > 0) return [`there is to be one backup, and there is ${JSON.stringify(names)}`];
  const { sha256 } = JSON.parse(await readFile(join(directory, manifest), 'utf8')) as { readonly sha256: string };
  const is = createHash('sha256').update(await readFile(join(directory, archive))).digest('hex');
  return is === sha256 ? [] : [`${archive} is not what its manifest says`];
}

export const backupCases: readonly FaultCase[] = [
  {
    operation: 'backup_volume', on: 'to the laptop, a container is stopped', host, reversible: true, powerSafe: true, slow: true,
    steps: () => [{ name: 'Back up', backup_volume: { volume: 'foo-0', to: { laptop: '.' }, consistency: 'stop' } }],
    invariants: volumeIsSafe,
    atEnd: async (where, { laptop }) => [...(await runsAtEnd(where)), ...(await oneBackup(laptop))],
  },
  {
    operation: 'backup_volume', on: 'to another host, a container is stopped', host, peer: { name: 'there', kind: 'overlay2-plain' }, reversible: false, powerSafe: true, slow: true,
    steps: ({ files }) => [{ name: 'Back up', backup_volume: { volume: 'foo-0', to: { host: 'there', path: join(files, 'kept') }, consistency: 'stop' } }],
    invariants: volumeIsSafe,
    atEnd: async (where, { files }) => [...(await runsAtEnd(where)), ...(await oneBackup(join(files, 'kept')))],
  },
  {
    operation: 'restore_volume', on: 'from a backup on the host, with its quota', host, reversible: false, powerSafe: true, slow: true,
    steps: ({ files }) => [
      { name: 'Back up', backup_volume: { volume: 'foo-0', to: { path: join(files, 'kept') }, consistency: 'stop' } },
      { name: 'Restore', restore_volume: { volume: 'restored', from: { path: join(files, 'kept') }, backup: 'foo-0' } },
    ],
    invariants: volumeIsSafe,
    atEnd: async (where, { files }) => [...(await runsAtEnd(where)), ...(await oneBackup(join(files, 'kept'))), ...(await isWhole(where, 'restored'))],
  },
];
