import { containers } from '../../facts/containers/containers.ts';
import { ask } from '../../facts/fact.ts';
import type { Json } from '../../values/json.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { byHand } from '../../values/shell.ts';
import { formatBytes, parseSize, resolveSize, roundUp } from '../../values/size.ts';
import type { Decision, Finding } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { combine } from '../engine/outcome.ts';
import { beside, perhaps } from '../engine/reading.ts';
import { stoppedReads } from '../rootfs/outgrown.ts';
import { blockBytes } from '../../values/docker-size.ts';
import { copyDowntime } from './scale-by-copy.ts';
import { scaleInPlace } from './scale-in-place.ts';
import type { ScaleWant } from './scale-input.ts';
import { scaleVolumeSchema } from './scale-input.ts';
import type { Sized } from './scale-method.ts';
import { choose, isThatSize, readMeasured } from './scale-method.ts';
import type { Situation } from './situation.ts';
import { readSituation } from './situation.ts';

interface Seen extends Omit<Sized, 'bytes'> {
  /** Why its size cannot be told is what the plan is then. */
  readonly bytes: number | Refusal;
}

export const scaleVolume = defineOperation<ScaleWant, Seen>({
  name: 'scale_volume',
  summary: 'Give a volume another size, larger or smaller: in place, or by a verified copy and new containers',
  schema: scaleVolumeSchema,
  readOnly: false,
  repeats: false,

  *read(want) {
    const situation = yield* readSituation(meant(want));
    if (isRefused(situation)) return situation;
    const bytes = targetBytes(want, situation);
    const [restarted, measured] = yield* beside(
      perhaps(want.restart_daemon === true ? ask(containers) : undefined),
      readMeasured(want, situation, bytes),
    );
    return { situation, bytes, containers: restarted, ...measured };
  },

  plan(want, seen): Decision {
    const { bytes } = seen;
    return isRefused(bytes) ? bytes : planFor(want, { ...seen, bytes });
  },

  pin(want, seen) {
    const { situation, bytes } = seen;
    if (isRefused(bytes)) return want;
    const method =
      want.pinned?.method ?? (isThatSize(situation, bytes) ? undefined : choose(want, { ...seen, bytes }).method);
    return {
      ...want,
      pinned: {
        volume: want.pinned?.volume ?? situation.volume.name,
        bytes,
        ...(method === undefined ? {} : { method }),
      },
    };
  },

  // Which volume is meant is asked of the host again, whatever the plan says.
  repin(want, fresh, saved) {
    if (fresh.pinned === undefined || saved.pinned === undefined) return fresh;
    const { method: freshly, ...pinned } = fresh.pinned;
    const bytes = parseSize(want.size).kind === 'absolute' ? pinned.bytes : saved.pinned.bytes;
    const method = want.method === 'auto' ? saved.pinned.method : freshly;
    return { ...fresh, pinned: { ...pinned, bytes, ...(method === undefined ? {} : { method }) } };
  },

  touchesRefused: { reads: ['docker'], changes: [] },
  touches(want, { situation, containers, methods }) {
    const users = situation.users.map(({ id }) => id);
    const resources = [
      `volume:${situation.family}`,
      `path:${situation.volume.mountpoint}`,
      ...users.map((id) => `container:${id}`),
    ];
    const all = containers ?? methods.flatMap((one) => (one.method === 'copy' ? one.facts.outgrown.containers : []));
    const reads = ['docker', ...resources, ...stoppedReads(users, { containers: all, docker: situation.docker })];
    return want.restart_daemon === true
      ? { reads: [...reads, ...all.map(({ id }) => `container:${id}`)], changes: [...resources, 'docker'] }
      : { reads, changes: resources };
  },

  verify(_want, { situation: { volume, state }, bytes }): readonly Finding[] {
    if (isRefused(bytes) || state.shownBytes === bytes) return [];
    return [
      {
        message: `${volume.name} is shown with ${formatBytes(state.shownBytes)} where ${formatBytes(bytes)} were wanted`,
      },
    ];
  },

  result(want, { situation: { volume, state, users, past } }): Json {
    return {
      volume: volume.name,
      size: state.quota?.limitBytes ?? 0,
      method: want.pinned?.method ?? null,
      containers: users.map(({ id, name }) => ({
        name,
        id,
        was: past.replacements.find((one) => one.step === 'done' && one.new === id)?.old ?? null,
      })),
    };
  },
});

/** Once a plan has been made, the volume that it was made for is meant, whatever a container has mounted by then. */
function meant({ volume, container, path, pinned }: ScaleWant): {
  readonly volume?: string | undefined;
  readonly container?: string | undefined;
  readonly path?: string | undefined;
} {
  return pinned === undefined ? { volume, container, path } : { volume: pinned.volume };
}

/** In whole blocks. */
function targetBytes(want: ScaleWant, { volume, state }: Situation): number | Refusal {
  if (want.pinned !== undefined) return want.pinned.bytes;
  const wanted = parseSize(want.size);
  const now = state.options?.quotaBytes ?? 0;
  if (wanted.kind !== 'absolute' && now === 0)
    return refuse(
      `${volume.name} has no size now, and ${want.size} is relative to that`,
      'write the size itself, for example 20GiB',
    );
  return roundUp(resolveSize(wanted, now), blockBytes);
}

function planFor(want: ScaleWant, seen: Sized): Decision {
  const { situation, bytes } = seen;
  const { volume, pending } = situation;
  const relative =
    want.pinned === undefined && parseSize(want.size).kind !== 'absolute'
      ? [`${want.size} is relative to the size now: it changes again at every run`]
      : [];
  if (isThatSize(situation, bytes)) {
    const left = pending.map(
      (one) =>
        `${one.volume.name} was made to take the place of ${volume.name} and has not: when it is of no use, ${byHand('docker', 'volume', 'rm', one.volume.name)}`,
    );
    const lasting = scaleInPlace(situation, bytes, seen.containers);
    return combine(
      [lasting, { changes: [], warnings: left, owed: [] }],
      `${volume.name} is ${formatBytes(bytes)} already`,
    );
  }
  const { method, plan, passedOver } = choose(want, seen);
  const copying = copyDowntime(situation, seen.content);
  const offered =
    method === 'in_place'
      ? [
          `in place: no downtime${copying === undefined ? '' : `; by copy (method: copy) it would be down from the last pass on, ${copying}`}`,
        ]
      : passedOver;
  return combine(
    [plan, { changes: [], warnings: [...offered, ...relative], owed: [] }],
    `${volume.name} is ${formatBytes(bytes)} already`,
  );
}
