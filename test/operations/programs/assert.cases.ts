import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';

export const cases: OperationCases = {
  law: [{ want: { that: [true] }, world: new Answers() }],
  faults: [],
  steps: {
    themes: ['files'],
    make: ({ pick }) => ({
      input: { that: pick.of([true, "${{ host.name == 'host' }}", ['${{ host.port > 0 }}', true]]) },
    }),
  },
};
