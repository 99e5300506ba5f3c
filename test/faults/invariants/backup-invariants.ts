import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FleetHost } from '../../../lab/sim/fleet.ts';
import type { ContainerSpec, HostSpec } from '../../../lab/sim/spec.ts';
import type { Places } from '../fault-case.ts';
import { content, volumeIsSafe } from './volume-invariants.ts';

const mib = 1024 ** 2;
const app: ContainerSpec = { name: 'app', volumes: { 'foo-0': '/data' }, restart: 'always' };
export const backupHost: HostSpec = {
  name: 'backups',
  kind: 'overlay2-pquota',
  volumes: [{ name: 'foo-0', bytes: 20 * mib, files: content }],
  containers: [app],
};

/** One backup with its seal, and nothing that is none beside it. */
export async function oneBackup(directory: string, suffix = '.tar.zst'): Promise<readonly string[]> {
  const names = (await readdir(directory).catch(() => [])).filter(
    (name) => name.startsWith('foo-0@') || name.startsWith('.'),
  );
  const [archive = '', seal = '', manifest = '', ...more] = names.toSorted().toReversed();
  if (
    !archive.endsWith(suffix) ||
    seal !== archive.replace(suffix, '.seal') ||
    manifest !== archive.replace(suffix, '.json') ||
    more.length > 0
  )
    return [`there is to be one backup, and there is ${JSON.stringify(names)}`];
  const { sha256 } = JSON.parse(await readFile(join(directory, manifest), 'utf8')) as { readonly sha256: string };
  const is = createHash('sha256')
    .update(await readFile(join(directory, archive)))
    .digest('hex');
  return is === sha256 ? [] : [`${archive} is not what its manifest says`];
}

/** A pair of keys for the tests alone. */
const recipient = 'age15426qn9uwwl3qeq8wn0pezxl5dxp5h9aytf7nga9axtr0tug93gqpcvtpa';
const secret = 'AGE-SECRET-KEY-1DSWWD6FWDQ75D6E4E7U9YE4JQCHFPYENSMX70GUX39LMMRKEZC6SQUT8HX';
export const keyOf = (places: Places): string => join(places.files, 'age.key');

/** What is encrypted is never on a disk as it was before: neither the archive, nor what is in it. */
async function neverInTheClear(host: FleetHost, { files, laptop }: Places): Promise<readonly string[]> {
  const found: string[] = [];
  for (const top of [join(host.directory, 'root/var/lib/plimsoll'), files, laptop]) {
    for (const entry of await readdir(top, { recursive: true, withFileTypes: true }).catch(() => [])) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
      if (
        bytes.subarray(0, 4).toString('hex') === '28b52ffd' ||
        bytes.subarray(0, 2).toString('hex') === '1f8b' ||
        bytes.includes('data\ndata\n')
      )
        found.push(`${entry.name} is in the clear`);
    }
  }
  return found;
}

/** The one backup can be decrypted, and then is what its manifest says. */
export async function oneEncrypted(host: FleetHost, places: Places): Promise<readonly string[]> {
  const { laptop } = places;
  const wrong = await oneBackup(laptop, '.tar.zst.age');
  if (wrong.length > 0) return wrong;
  const [name = ''] = (await readdir(laptop)).filter((one) => one.endsWith('.age'));
  const { inside, encryptedTo } = JSON.parse(
    await readFile(join(laptop, name.replace('.tar.zst.age', '.json')), 'utf8'),
  ) as { readonly inside: { readonly sha256: string }; readonly encryptedTo: readonly string[] };
  const { stdout } = await host.run(`age -d -i ${keyOf(places)} <${join(laptop, name)} | sha256sum`);
  return stdout.startsWith(`${inside.sha256} `) && encryptedTo.join() === recipient
    ? []
    : [`${name} does not hold what its manifest says: ${stdout}`];
}

/** What is common to the rows of encrypted backups. */
export const encrypted = {
  host: backupHost,
  powerSafe: true,
  files: (places: Places): Promise<void> => writeFile(keyOf(places), `${secret}\n`, { mode: 0o600 }),
  invariants: async (where: FleetHost, places: Places) => [
    ...(await volumeIsSafe(where)),
    ...(await neverInTheClear(where, places)),
  ],
} as const;

export const encryptedBackup = {
  name: 'Back up',
  backup_volume: { volume: 'foo-0', to: { laptop: '.' }, consistency: 'stop', encrypt_to: [recipient] },
};
