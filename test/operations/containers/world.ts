import { askContainerSpec } from '../../../src/facts/containers/container-spec.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import { containerUses } from '../../../src/facts/containers/container-uses.ts';
import { ask } from '../../../src/facts/fact.ts';
import { replacements } from '../../../src/facts/containers/replacements.ts';
import { recordedSpec } from '../../facts/recorded-specs.ts';
import { Answers } from '../known.ts';

/** A host with one container, as a real daemon has described it. */
export function answers(): Answers {
  const spec = recordedSpec('docker-28', 'plain');
  const { id, name, image, state } = spec;
  return new Answers()
    .set(ask(containers), [
      {
        id,
        name,
        image,
        labels: {},
        state: { ...state, pid: 1 },
        driver: 'overlay2',
        graph: null,
        storageOpt: null,
        autoRemove: false,
        restart: { name: 'no', maximumRetryCount: 0 },
      },
    ])
    .set(ask(containerUses), [])
    .set(ask(replacements), [])
    .set(askContainerSpec(id), spec);
}
