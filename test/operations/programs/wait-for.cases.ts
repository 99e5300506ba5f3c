import { join } from 'node:path';
import { argvFact } from '../../../src/facts/argv.ts';
import { ask } from '../../../src/facts/fact.ts';
import { plain } from '../../faults/hosts/plain-hosts.ts';
import { runningIn } from '../../scenarios/step-maker.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';

export const cases: OperationCases = {
  law: [
    {
      want: { argv: ['x'], for: '5m' },
      world: new Answers().set(ask(argvFact, '', '', 'x'), { status: 1, stdout: '', stderr: '', lines: [] }),
    },
  ],
  faults: [
    {
      on: 'a path that comes later',
      host: plain,
      reversible: false,
      steps: ({ files }) => [
        {
          name: 'Later',
          command: ['/bin/sh', '-c', '(sleep 1; : >"$1") </dev/null >/dev/null 2>&1 &', 'sh', join(files, 'there')],
        },
        { name: 'Wait', wait_for: { path: join(files, 'there'), for: '30s', every: '0.3s' } },
      ],
    },
  ],
  steps: {
    themes: ['files', 'devicemapper'],
    make: ({ pick, ground, places: { files } }) => ({
      input: pick.of([
        { path: `${files}/there` },
        { argv: ['true'] },
        { argv: ['cat', `${files}/more`], equals: 'more' },
        ...runningIn(ground).map((name) => ({ container: name, for: '1s', every: 0.2 })),
      ]),
    }),
  },
};
