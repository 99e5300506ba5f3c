import { readFile, writeFile } from 'node:fs/promises';
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
      want: { from: '/etc/hosts', to: 'hosts' },
      world: new Answers()
        .set(ask(hostFile, '/etc/hosts'), file)
        .set(ask(laptopFile, 'hosts'), { exists: false, bytes: 0, sha256: '' }),
    },
  ],
  faults: [
    {
      on: 'a file to the laptop',
      host: plain,
      reversible: true,
      files: async ({ files }) => {
        await writeFile(join(files, 'there'), 'there\n'.repeat(40_000));
      },
      steps: ({ files, laptop }) => [
        { name: 'Fetch', fetch: { from: join(files, 'there'), to: join(laptop, 'fetched') } },
      ],
      atEnd: async (_host, { laptop }) =>
        (await readFile(join(laptop, 'fetched'), 'utf8')) === 'there\n'.repeat(40_000)
          ? []
          : ['what was fetched is not what is there'],
    },
  ],
  steps: {
    themes: ['files'],
    make: ({ pick, places: { files } }) => ({
      input: { from: `${files}/${pick.of(['there', 'more'])}`, to: pick.of(['fetched', 'new']) },
    }),
  },
};
