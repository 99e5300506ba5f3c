import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plain } from '../../faults/hosts/plain-hosts.ts';
import { once, onceAtMost, onceOnly } from '../../faults/once.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';

const names = ['first', 'second', 'third'];

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
    {
      on: 'programs one after another, each of which must run once',
      host: plain,
      reversible: false,
      steps: ({ files }) => [
        { name: 'First', command: once(join(files, 'first')) },
        { name: 'Second', command: { argv: [...once(join(files, 'second'))], success: [0, 3] } },
        { name: 'Third', command: once(join(files, 'third')), register: 'third' },
        {
          name: 'Use it',
          command: ['/bin/sh', '-c', 'printf %s "$1" >>"$2"', 'sh', '${{ third.stdout }}', join(files, 'registered')],
        },
      ],
      invariants: async (_host, { files }) =>
        (await Promise.all(names.map((name) => onceAtMost(join(files, name))))).flat(),
      atEnd: async (_host, { files }) => {
        const registered = await readFile(join(files, 'registered'), 'utf8').catch(() => '');
        return [
          ...(await Promise.all(names.map((name) => onceOnly(join(files, name))))).flat(),
          ...(registered === 'it says é\n' ? [] : [`what was registered arrived as ${JSON.stringify(registered)}`]),
        ];
      },
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
