import { join } from 'node:path';
import { plain } from '../../faults/hosts/plain-hosts.ts';
import { once, onceOnly } from '../../faults/once.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';

export const cases: OperationCases = {
  law: [{ want: { seconds: '1m' }, world: new Answers() }],
  faults: [
    {
      on: 'between two programs',
      host: plain,
      reversible: false,
      steps: ({ files }) => [
        { name: 'Wait', pause: { seconds: 0.3 } },
        { name: 'Once', command: once(join(files, 'log')) },
      ],
      atEnd: (_host, { files }) => onceOnly(join(files, 'log')),
    },
  ],
  steps: { themes: ['files'], make: ({ pick }) => ({ input: { seconds: pick.of([0.01, 0.05]) } }) },
};
