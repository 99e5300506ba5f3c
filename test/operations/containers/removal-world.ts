import type { ContainerUse } from '../../../src/facts/containers/container-uses.ts';
import type { Container } from '../../../src/facts/containers/containers.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { Replacement } from '../../../src/facts/containers/replacements.ts';
import { replacements } from '../../../src/facts/containers/replacements.ts';
import type { RecordedContainer } from '../../../src/facts/daemon/storage-drivers.ts';
import type { Answers } from '../known.ts';
import { bindOf, cleanAnswers, container, mountOf, plainVolume } from '../volumes/clean-world.ts';

export const [mine, shared, bound, invisible] = ['a1', 'b2', 'c3', 'd4'].map((pair) => pair.repeat(32)) as [
  string,
  string,
  string,
  string,
];

export interface RemovalWorld {
  readonly use?: Partial<ContainerUse>;
  readonly others?: readonly ContainerUse[];
  readonly status?: string;
  readonly kept?: readonly Replacement[];
}

/** `old` has a volume of its own without a name, one with a name, and three that others have too, each in another way. */
export function removalWorld({ use = {}, others = [], status = 'exited', kept = [] }: RemovalWorld = {}): Answers {
  const old: ContainerUse = {
    ...container('old', mountOf(mine), mountOf(shared), mountOf(bound), mountOf(invisible), mountOf('named')),
    ...use,
  };
  const uses = [old, container('app', mountOf(shared), bindOf(`/var/lib/docker/volumes/${bound}/_data/x`)), ...others];
  const record: RecordedContainer = {
    id: 'e'.repeat(64),
    name: 'unseen',
    driver: 'devicemapper',
    volumes: [invisible],
  };
  const listed = ({ id, name, labels, autoRemove }: ContainerUse): Container => ({
    id,
    name,
    labels,
    autoRemove,
    image: 'sha256:1',
    driver: 'overlay2',
    graph: {},
    storageOpt: null,
    restart: { name: 'no', maximumRetryCount: 0 },
    state: {
      status: name === 'old' ? status : 'running',
      running: name === 'old' ? status === 'running' : true,
      paused: false,
      restarting: false,
      pid: 0,
      startedAt: '',
      error: '',
    },
  });
  return cleanAnswers({
    volumes: [mine, shared, bound, invisible, 'named'].map((name) => plainVolume(name)),
    uses,
    records: [record],
  })
    .set(ask(containers), uses.map(listed))
    .set(ask(replacements), kept);
}
