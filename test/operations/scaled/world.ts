import { containerUses } from '../../../src/facts/containers/container-uses.ts';
import type { ContainerUse } from '../../../src/facts/containers/container-uses.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { ProjectQuota } from '../../../src/facts/host/project-quota.ts';
import { replacements } from '../../../src/facts/containers/replacements.ts';
import type { ScaledSet } from '../../../src/facts/volumes/scaled-set.ts';
import { askScaled, askScaledPlace } from '../../../src/facts/volumes/scaled-set.ts';
import type { VolumeState } from '../../../src/facts/volumes/volume-state.ts';
import { volumeLedger, volumeState } from '../../../src/facts/volumes/volume-state.ts';
import type { Volume } from '../../../src/facts/volumes/volumes.ts';
import { volumes } from '../../../src/facts/volumes/volumes.ts';
import { volumesQuota } from '../../../src/facts/volumes/volumes-quota.ts';
import { Answers } from '../known.ts';
import { docker, MiB, quota, state, volume } from '../volumes/world.ts';

export function instance(index: number, more: Partial<Volume> = {}): Volume {
  const name = `elk-${String(index)}`;
  return volume(name, {
    labels: {
      'plimsoll.scaled': 'elk',
      'plimsoll.index': String(index),
      'plimsoll.operation': 'scaled_volume',
      'plimsoll.volume': name,
    },
    options: { size: String(40 * MiB) },
    ...more,
  });
}

export interface ScaledWorld {
  /** The instances of elk on this host, of 40 MiB, by their numbers. */
  readonly here?: readonly number[];
  readonly states?: Readonly<Record<number, VolumeState>>;
  readonly others?: readonly Volume[];
  readonly uses?: readonly ContainerUse[];
  /** What the records say; the host is web-1. */
  readonly set?: Partial<ScaledSet>;
  /** The highest number that was ever made here. */
  readonly highest?: number;
  /** What was about to be made here, and may have been. */
  readonly begun?: readonly string[];
  readonly storage?: ProjectQuota;
  readonly scale?: number;
  readonly pinned?: number;
}

/** A host with project quotas, and a fleet in which nobody has an instance of elk. */
export function scaledWorld({
  here = [],
  states = {},
  others = [],
  uses = [],
  set = {},
  highest = 0,
  begun = [],
  storage = quota(0, { project: 0 }),
  scale = 3,
  pinned,
}: ScaledWorld = {}): Answers {
  const place: ScaledSet = {
    host: 'web-1',
    instances: here.map((index) => ({ index, host: 'web-1', state: 'current', run: 'r' })),
    promised: [],
    ...(here.length === 0 ? { offered: 1 } : {}),
    ...set,
  };
  const known = new Answers()
    .set(ask(dockerInfo), docker)
    .set(ask(volumes), [...here.map((index) => instance(index)), ...others])
    .set(ask(containerUses), uses)
    .set(ask(replacements), [])
    .set(ask(volumesQuota, `${docker.root}/volumes`), storage)
    .set(askScaled('elk'), place)
    .set(askScaledPlace('elk', scale, highest, pinned), place);
  for (const family of ['elk', ...here.map((index) => `elk-${String(index)}`)])
    known.set(ask(volumeLedger, family), {
      file: `/var/lib/plimsoll/volumes/${family}`,
      highest: family === 'elk' ? highest : 0,
      inForce: [],
      begun: family === 'elk' ? begun : [],
    });
  for (const index of here)
    known.set(ask(volumeState, instance(index).mountpoint), states[index] ?? state(`elk-${String(index)}`, 40 * MiB));
  return known;
}
