import { join } from 'node:path';
import { plain } from '../../faults/hosts/plain-hosts.ts';
import { once, onceAtMost, onceOnly } from '../../faults/once.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';

export const cases: OperationCases = {
  law: [{ want: ['id', '-u'], world: new Answers() }],
  faults: [
    {
      on: 'a program that must run once',
      host: plain,
      reversible: false,
      steps: ({ files }) => [{ name: 'Once', command: once(join(files, 'log')) }],
      invariants: (_host, { files }) => onceAtMost(join(files, 'log')),
      atEnd: (_host, { files }) => onceOnly(join(files, 'log')),
    },
  ],
  steps: {
    themes: ['files', 'devicemapper', 'volumes'],
    make: ({ pick, places: { files } }) => ({
      input: pick.of([
        {
          argv: [
            '/bin/sh',
            '-c',
            'echo "$1" >>"$2"',
            'sh',
            pick.of(['word', "it's", '$(id)', 'two words']),
            `${files}/log`,
          ],
        },
        {
          argv: ['/bin/sh', '-c', 'cat >>"$1"', 'sh', `${files}/fed`],
          stdin: pick.of(['text', "line'1\nline 2\n", '%s\\n']),
        },
        { argv: ['touch', `${files}/made`], creates: `${files}/made` },
        { argv: ['/bin/sh', '-c', 'exit 3'], success: [0, 3] },
        { argv: ['cat', `${files}/there`], read_only: true },
        { argv: ['env', 'A=1', 'touch', 'here'], chdir: files },
      ]),
    }),
  },
};
