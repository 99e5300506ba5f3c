import { containers } from '../../../src/facts/containers/containers.ts';
import { deviceMapper } from '../../../src/facts/host/device-mapper.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import type { Fact } from '../../../src/facts/fact.ts';
import { fileSystem } from '../../../src/facts/host/file-system.ts';
import { loopPool } from '../../../src/facts/pools/loop-pool.ts';
import { lvmPool } from '../../../src/facts/pools/lvm-pool.ts';
import { overlayQuota } from '../../../src/facts/rootfs/overlay-quota.ts';
import { thinRootfs } from '../../../src/facts/rootfs/thin-rootfs.ts';
import { trimState } from '../../../src/facts/rootfs/trim-state.ts';
import { thinSuperblock } from '../../../src/facts/rootfs/thin-superblock.ts';
import { quote } from '../../../src/values/shell.ts';
import type { Call, RecordedKind } from '../calls.ts';

interface AskedFact {
  readonly fact: Fact<unknown>;
  /** Shell words, with the variables of calls.ts. */
  readonly args: string;
}

const daemon: readonly AskedFact[] = [
  { fact: dockerInfo, args: '' },
  { fact: containers, args: '' },
];
const thin: readonly AskedFact[] = [
  { fact: deviceMapper, args: '' },
  { fact: thinRootfs, args: '"$N" "$R/devicemapper/metadata/$H" "$PID"' },
  { fact: fileSystem, args: '"/dev/mapper/$N" "$PID"' },
  { fact: fileSystem, args: '/dev/mapper/nosuch' },
  { fact: thinSuperblock, args: '"$P" "$ID"' },
  { fact: trimState, args: '"$N"' },
];

/** The facts that plimsoll reads on a kind of host, with arguments. */
export function askedFacts(kind: RecordedKind): readonly AskedFact[] {
  if (kind === 'dm-xfs') return [...daemon, ...thin, { fact: loopPool, args: '7:0 7:1' }];
  if (kind === 'dm-lvm') return [...daemon, ...thin, { fact: lvmPool, args: 'docker thinpool' }];
  if (kind.startsWith('dm-')) return [...daemon, ...thin];
  return kind.startsWith('overlay2') ? [...daemon, { fact: overlayQuota, args: '"$L" "$R"' }] : daemon;
}

export function factCalls(kind: RecordedKind): readonly Call[] {
  return askedFacts(kind).map(({ fact, args }) => ({
    name: `${fact.name} ${args}`.trim(),
    script: `set -- ${args}\neval ${quote(fact.script)} </dev/null`,
  }));
}
