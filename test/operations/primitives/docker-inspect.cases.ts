import { containerDetails } from '../../../src/facts/containers/container-details.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import { ask } from '../../../src/facts/fact.ts';
import { aContainer } from '../../scenarios/step-maker.ts';
import { Answers } from '../known.ts';
import type { OperationCases } from '../operation-cases.ts';
import { recordedHost } from '../recorded-hosts.ts';

const { container } = await recordedHost('dm-xfs');

export const cases: OperationCases = {
  law: [
    {
      want: { container: 'c1' },
      world: new Answers().set(ask(containers), [container]).set(ask(containerDetails, container.id), { Name: '/c1' }),
    },
  ],
  faults: [],
  steps: { themes: ['devicemapper'], make: (given) => ({ input: { container: aContainer(given) } }) },
};
