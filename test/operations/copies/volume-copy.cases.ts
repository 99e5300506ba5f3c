import { chmod, link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Places } from '../../faults/fault-case.ts';
import { plain } from '../../faults/hosts.ts';
import type { OperationCases } from '../operation-cases.ts';
import { directoriesWorld } from './world.ts';

async function sourceIsWhole({ files }: Places): Promise<readonly string[]> {
  const [one, two] = await Promise.all(
    ['from/one', 'from/below/two'].map((name) => readFile(join(files, name), 'utf8').catch(() => '')),
  );
  return one === 'one\n'.repeat(20_000) && two === 'two\n' ? [] : ['the source of the copy is not what it was'];
}

export const cases: OperationCases = {
  law: [{ want: { from: '/a', to: '/b', bwlimit: '1MiB' }, world: directoriesWorld() }],
  faults: [
    {
      on: 'into an empty directory',
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
    themes: ['files'],
    make: ({ pick, places: { files } }) => ({
      input: {
        from: `${files}/${pick.of(['from', 'other'])}`,
        to: `${files}/${pick.of(['to', 'full'])}`,
        delete: pick.number(4) !== 3,
      },
    }),
  },
};
