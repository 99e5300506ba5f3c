import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plain } from '../../faults/hosts/plain-hosts.ts';
import { once, onceAtMost, onceOnly } from '../../faults/once.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';

export const cases: OperationCases = {
  law: [{ want: 'id', world: new Answers() }],
  faults: [
    {
      on: 'once, and what it printed is used by the next step',
      host: plain,
      reversible: false,
      steps: ({ files }) => [
        {
          name: 'Once',
          script: {
            text: 'echo begun >>"$1"\nsleep 0.2\necho "it says é"\necho ended >>"$1"',
            args: [join(files, 'log')],
          },
          register: 'first',
        },
        {
          name: 'Use it',
          command: ['/bin/sh', '-c', 'printf %s "$1" >>"$2"', 'sh', '${{ first.stdout }}', join(files, 'registered')],
        },
      ],
      invariants: (_host, { files }) => onceAtMost(join(files, 'log')),
      atEnd: async (_host, { files }) => {
        const registered = await readFile(join(files, 'registered'), 'utf8').catch(() => '');
        return [
          ...(await onceOnly(join(files, 'log'))),
          ...(registered === 'it says é\n' ? [] : [`what was registered arrived as ${JSON.stringify(registered)}`]),
        ];
      },
    },
    {
      on: 'that fails in a block, and its rescue',
      host: plain,
      reversible: false,
      steps: ({ files }) => [
        {
          block: [
            { name: 'Fails', script: { text: 'echo tried >"$1"\nsleep 0.2\nexit 3', args: [join(files, 'tried')] } },
          ],
          rescue: [{ name: 'Once', command: once(join(files, 'log')) }],
          always: [{ name: 'Always', command: ['/bin/sh', '-c', 'echo always >>"$1"', 'sh', join(files, 'always')] }],
        },
      ],
      invariants: (_host, { files }) => onceAtMost(join(files, 'log')),
      atEnd: (_host, { files }) => onceOnly(join(files, 'log')),
    },
  ],
  steps: {
    themes: ['files'],
    make: ({ pick, places: { files } }) => ({
      input: pick.of([
        { text: 'echo "$1" >>"$2"', args: ['word', `${files}/log`] },
        { text: `for n in 1 2; do\n  echo "$n it's" >>'${files}/log'\ndone` },
        { text: 'cat "$1"', args: [`${files}/there`], read_only: true },
        { text: '#!/bin/bash\nset -e\n: >>"$1"', args: [`${files}/log`], creates: `${files}/never` },
      ]),
    }),
  },
};
