import * as z from 'zod';
import { deviceNamed } from '../../facts/host/device-mapper.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { Superblock } from '../../facts/host/file-system.ts';
import { thinSuperblock } from '../../facts/rootfs/thin-superblock.ts';
import { containerOrLabel } from '../engine/input.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { whereAskable } from '../engine/reading.ts';
import type { Awaiting } from '../restart/restart.ts';
import { withRestart } from '../restart/restart.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { combine } from '../engine/outcome.ts';
import { repairThin, startContainer } from './repair-thin.ts';
import type { Meant } from './selection.ts';
import { containerKeys, readMeant, rootfsTouches } from './selection.ts';
import type { OnThin, ThinContainer } from './thin.ts';
import { judgeThinWithRoom, readThins, sectorBytes } from './thin.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { roundUp } from '../../values/size.ts';

const schema = z
  .strictObject({
    ...containerKeys,
    start: z
      .boolean()
      .optional()
      .describe('start the container once its device is restored (the default), or leave it stopped'),
    restart_daemon: z
      .boolean()
      .optional()
      .describe(
        'restart the Docker daemon where that is needed for the repair to last; only with live-restore, so that containers go on running',
      ),
    starts: z
      .array(z.string())
      .optional()
      .describe('filled in by a plan: the ids of the containers that are started once they are repaired'),
  })
  .refine((want) => want.container !== undefined || want.label !== undefined, { message: containerOrLabel });

type Want = z.infer<typeof schema>;

type Judged = ReturnType<typeof judgeThinWithRoom>;

/** A container on devicemapper with what lies on its device, whether that is active or not. */
interface Found<Thin extends Judged> {
  readonly thin: Thin;
  readonly superblock: { readonly bytes: number } | undefined;
}

interface Seen extends Meant {
  /** Of each that is meant, where the driver has devices. */
  readonly found: readonly Found<Judged>[];
}

function* read(want: Want): Reading<Seen> {
  const meant = yield* readMeant(want);
  const { docker, selection } = meant;
  if (docker.driver !== 'devicemapper' || isRefused(selection)) return { ...meant, found: [] };
  const thins = (yield* readThins(selection.selected, docker)).map((one) => judge(one, docker));
  const superblocks = yield* whereAskable(thins.map((thin) => (isRefused(thin) ? undefined : superblockRequest(thin))));
  const found = thins.map((thin, index) => ({
    thin,
    superblock:
      isRefused(thin) || thin.active === undefined ? (superblocks[index] ?? undefined) : thin.rootfs.fileSystem,
  }));
  return { ...meant, found };
}

export const repairRootfs = defineOperation({
  name: 'repair_rootfs',
  summary:
    'Bring back a container that does not start, or would not start again, after a resize by hand; with its data',
  schema,
  readOnly: false,
  repeats: false,
  touches: (_want, seen) => rootfsTouches(seen),

  read,

  plan(want, { docker, all, selection, found }): Decision {
    if (docker.driver !== 'devicemapper') {
      return refuse(
        `the storage driver is ${docker.driver}: only devicemapper leaves containers in the state that this repairs`,
        'look at the error of docker start',
      );
    }
    if (isRefused(selection)) return selection;
    const repairs = repairsOf(found);
    // The restart comes before the start: a container that starts only then is no concern of the restart.
    return combine(
      [
        ...withRestart(
          repairs.map(({ plan }) => plan),
          {
            awaiting: repairs.flatMap(({ outgrown }) => (outgrown === undefined ? [] : [awaitingRestart(outgrown)])),
            allowed: want.restart_daemon,
            docker,
            all,
          },
        ),
        ...startsOf(want, repairs).map((thin) => ({ changes: [startContainer(thin)], warnings: [], owed: [] })),
      ],
      'nothing is broken: every device is as large as its file system needs',
    );
  },

  // A restart of the daemon, the host's also, is all that some need; what is planned again after that starts them still.
  pin(want, { found }) {
    const starts = startsOf(want, repairsOf(found)).map(({ container }) => container.id);
    return starts.length === 0 ? want : { ...want, starts };
  },

  // Which those are is seen anew; where they are others, that is drift.
  repin: (_want, fresh) => fresh,
});

function judge({ container, mapper, rootfs }: OnThin, docker: Docker): Judged {
  if (rootfs === undefined)
    return refuse(
      `${container.name}: docker inspect does not name its device`,
      'was it made with another storage driver than the daemon uses now?',
    );
  const name = container.graph?.['DeviceName'] ?? '';
  // A stopped container's device that is still there on its way out would be refused; here that is what is looked for.
  const device = deviceNamed(mapper, name);
  const settled =
    device?.deferredRemove === true && !container.state.running
      ? { devices: { ...mapper.devices, [name]: { ...device, deferredRemove: false } } }
      : mapper;
  return judgeThinWithRoom(container, docker, settled, rootfs);
}

/** Only for a container whose device is not active; otherwise the device itself has been read. */
function superblockRequest(thin: ThinContainer): FactRequest<Superblock | null> | undefined {
  return thin.active === undefined ? ask(thinSuperblock, thin.poolDevice, String(thin.deviceId)) : undefined;
}

interface Repair {
  readonly thin: Judged;
  readonly plan: ContainerPlan;
  /** Absent where the daemon holds as much as is needed: of a record that is only larger than it must be nothing can break. */
  readonly outgrown?: Found<ThinContainer>;
}

function repairsOf(found: readonly Found<Judged>[]): readonly Repair[] {
  return found.map(({ thin, superblock }) => {
    if (isRefused(thin)) return { thin, plan: thin };
    const one = { thin, superblock };
    const plan = repairThin(thin, superblock);
    return { thin, plan, ...(neededBytes(one) <= thin.daemonBytes ? {} : { outgrown: one }) };
  });
}

/** Also what an earlier attempt has repaired and not started. */
function startsOf(want: Want, repairs: readonly Repair[]): readonly ThinContainer[] {
  if (want.start === false) return [];
  return repairs.flatMap(({ thin, plan, outgrown }) => {
    if (isRefused(thin) || isRefused(plan) || thin.container.state.running) return [];
    const repaired = want.starts?.includes(thin.container.id) === true;
    return repaired || plan.changes.length > 0 || outgrown !== undefined ? [thin] : [];
  });
}

/** The size that the file system will have: what runs is made to last with the size that its device has now. */
function neededBytes({ thin: { container, active, rootfs }, superblock }: Found<ThinContainer>): number {
  const bytes = superblock?.bytes ?? 0;
  return container.state.running && active !== undefined && bytes > rootfs.stored.bytes
    ? active.bytes
    : roundUp(bytes, sectorBytes);
}

/** Whatever is stored and not read by the daemon yet is owed, whether this run stored it or an earlier one. */
function awaitingRestart({ thin, superblock }: Found<ThinContainer>): Awaiting {
  return {
    container: thin.container,
    daemonBytes: thin.daemonBytes,
    storedBytes: Math.max(thin.rootfs.stored.bytes, neededBytes({ thin, superblock })),
  };
}
