import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask } from '../../../src/facts/fact.ts';
import { hostFile, laptopFile } from '../../../src/facts/host/file.ts';
import { plain } from '../../faults/hosts/plain-hosts.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';
import { file } from './world.ts';

export const cases: OperationCases = {
  law: [
    {
      want: { from: 'a', to: '/b' },
      world: new Answers()
        .set(ask(laptopFile, 'a'), { exists: true, bytes: 1, sha256: 'b'.repeat(64) })
        .set(ask(hostFile, '/b'), file),
    },
  ],
  faults: [
    {
      on: 'a new file, and one that is replaced',
      host: plain,
      reversible: true,
      powerSafe: true,
      files: async ({ files, laptop }) => {
        await writeFile(join(laptop, 'new'), 'new\n'.repeat(40_000));
        await writeFile(join(files, 'replaced'), 'as it was\n', { mode: 0o640 });
      },
      steps: ({ files, laptop }) => [
        { name: 'New', upload: { from: join(laptop, 'new'), to: join(files, 'new'), mode: '0600' } },
        { name: 'Replaced', upload: { from: join(laptop, 'new'), to: join(files, 'replaced'), mode: '0644' } },
      ],
      invariants: async (_host, { files }) => {
        const text = await readFile(join(files, 'replaced'), 'utf8');
        return text === 'as it was\n' || text === 'new\n'.repeat(40_000)
          ? []
          : [`the replaced file is neither the old one nor the new one: ${String(text.length)} characters`];
      },
      atEnd: async (_host, { files }) =>
        (await readdir(files)).some((name) => name.startsWith('.'))
          ? ['a temporary file was left beside the uploaded one']
          : [],
    },
  ],
  steps: {
    themes: ['files'],
    make: ({ pick, places: { files } }) => ({
      input: {
        from: pick.of(['new', 'other']),
        to: `${files}/${pick.of(['uploaded', 'there'])}`,
        mode: pick.of(['0644', '0600']),
      },
    }),
  },
};
