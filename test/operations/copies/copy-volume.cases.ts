import { chmod, link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Places } from '../../faults/fault-case.ts';
import { plain } from '../../faults/hosts/plain-hosts.ts';
import { app, mib, volumeHost } from '../../faults/hosts/volume-hosts.ts';
import { content, isWhole, runsAtEnd, volumeIsSafe } from '../../faults/invariants/volume-invariants.ts';
import { aVolume } from '../../scenarios/step-maker.ts';
import type { OperationCases } from '../operation-cases.ts';
import { directoriesWorld } from './world.ts';

async function sourceIsWhole({ files }: Places): Promise<readonly string[]> {
  const [one, two] = await Promise.all(
    ['from/one', 'from/below/two'].map((name) => readFile(join(files, name), 'utf8').catch(() => '')),
  );
  return one === 'one\n'.repeat(20_000) && two === 'two\n' ? [] : ['the source of the copy is not what it was'];
}

export const cases: OperationCases = {
  law: [
    { want: { from: { path: '/a' }, to: { path: '/b' } }, world: directoriesWorld() },
    {
      of: 'two paths, as volume_copy was',
      want: { from: '/a', to: '/b', bwlimit: '1MiB', stop: false },
      world: directoriesWorld(),
    },
  ],
  faults: [
    {
      on: 'to another volume, a container runs',
      host: { ...volumeHost(app), volumes: [{ name: 'foo-0', bytes: 20 * mib, files: content }, { name: 'backup' }] },
      reversible: true,
      powerSafe: true,
      steps: () => [{ name: 'Copy', copy_volume: { from: { volume: 'foo-0' }, to: { volume: 'backup' }, stop: true } }],
      invariants: volumeIsSafe,
      atEnd: async (where) => [...(await runsAtEnd(where)), ...(await isWhole(where, 'backup'))],
    },
    {
      on: 'by its older key volume_copy, into an empty directory',
      host: plain,
      reversible: true,
      powerSafe: true,
      files: async ({ files }) => {
        const from = join(files, 'from');
        await mkdir(join(from, 'below'), { recursive: true });
        await mkdir(join(files, 'to'));
        await writeFile(join(from, 'one'), 'one\n'.repeat(20_000));
        await writeFile(join(from, 'below/two'), 'two\n');
        await chmod(join(from, 'below/two'), 0o604);
        await link(join(from, 'one'), join(from, 'below/linked'));
        await symlink('one', join(from, 'symbolic'));
      },
      steps: ({ files }) => [{ name: 'Copy', volume_copy: { from: join(files, 'from'), to: join(files, 'to') } }],
      invariants: (_host, places) => sourceIsWhole(places),
    },
  ],
  steps: {
    themes: ['files', 'volumes'],
    make: (given) => {
      const {
        pick,
        places: { files },
      } = given;
      if (pick.number(3) === 2 || given.ground.volumes.length < 2) {
        const directories = {
          from: `${files}/${pick.of(['from', 'other'])}`,
          to: `${files}/${pick.of(['to', 'full'])}`,
        };
        return { input: { ...directories, stop: false, delete: pick.number(4) !== 3 } };
      }
      const from = aVolume(given);
      const to = pick.among(
        given.ground.volumes.filter((name) => name !== from),
        'none',
      );
      const consent = { stop: pick.of([true, true, false]), delete: pick.number(4) !== 3 };
      const way = {
        ...pick.sometimes({ method: pick.of(['rsync', 'cp', 'tar']) }),
        ...pick.sometimes({ first_pass_only: true }),
      };
      // Another first pass is another pass.
      return {
        input: { from: { volume: from }, to: { volume: to }, ...consent, ...way },
        again: 'first_pass_only' in way,
      };
    },
  },
};
