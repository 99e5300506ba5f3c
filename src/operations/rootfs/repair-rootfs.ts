import * as z from 'zod';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import { deviceMapper, deviceNamed } from '../../facts/host/device-mapper.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import type { FactRequest, Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { Superblock } from '../../facts/host/file-system.ts';
import { thinSuperblock } from '../../facts/rootfs/thin-superblock.ts';
import { containerOrLabel } from '../engine/input.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Awaiting } from '../restart/restart.ts';
import { withRestart } from '../restart/restart.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { combine } from '../engine/outcome.ts';
import { repairThin, startContainer } from './repair-thin.ts';
import { containerKeys, rootfsNeeds, rootfsTouches, select } from './selection.ts';
import type { ThinContainer } from './thin.ts';
import { askThinRootfs, judgeThinWithRoom, sectorBytes } from './thin.ts';
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
  })
  .refine((want) => want.container !== undefined || want.label !== undefined, { message: containerOrLabel });

type Want = z.infer<typeof schema>;

export const repairRootfs = defineOperation<Want>({
  name: 'repair_rootfs',
  summary:
    'Bring back a container that does not start, or would not start again, after a resize by hand; with its data',
  schema,
  readOnly: false,
  repeats: false,
  touches: rootfsTouches,

  needs(want, known): readonly FactRequest[] {
    const docker = known.get(ask(dockerInfo));
    if (docker !== undefined && docker.driver !== 'devicemapper') return [];
    const first = rootfsNeeds(want, known);
    if (docker === undefined || first.some((request) => known.get(request) === undefined)) return first;
    return thinContainers(want, docker, known).flatMap((thin) =>
      isRefused(thin) ? [] : (superblockRequest(thin) ?? []),
    );
  },

  plan(want, known): Decision {
    const docker = known.the(ask(dockerInfo));
    if (docker.driver !== 'devicemapper') {
      return refuse(
        `the storage driver is ${docker.driver}: only devicemapper leaves containers in the state that this repairs`,
        'look at the error of docker start',
      );
    }
    const selection = select(want, known);
    if (isRefused(selection)) return selection;
    const thins = thinContainers(want, docker, known);
    const repairs = thins.map((thin): ContainerPlan =>
      isRefused(thin) ? thin : repairThin(thin, superblockOf(thin, known)),
    );
    // Of a record that is only larger than it must be nothing can break.
    const outgrown = thins.flatMap((thin) =>
      isRefused(thin) || neededBytes(thin, superblockOf(thin, known)) <= thin.daemonBytes ? [] : [thin],
    );
    // The restart comes before the start: a container that starts only then is no concern of the restart.
    return combine(
      [
        ...withRestart(repairs, {
          awaiting: outgrown.map((thin) => awaitingRestart(thin, known)),
          allowed: want.restart_daemon,
          docker,
          all: known.the(ask(containers)),
        }),
        ...repairs.map((repair, index) => planStart(want, thins[index], repair, outgrown)),
      ],
      'nothing is broken: every device is as large as its file system needs',
    );
  },
});

type Judged = ReturnType<typeof judgeThinWithRoom>;

function thinContainers(want: Want, docker: Docker, known: Known): readonly Judged[] {
  const selection = select(want, known);
  if (isRefused(selection)) return [];
  return selection.selected.map((container) => judge(container, docker, known));
}

function judge(container: Container, docker: Docker, known: Known): Judged {
  const request = askThinRootfs(container, docker);
  if (request === undefined)
    return refuse(
      `${container.name}: docker inspect does not name its device`,
      'was it made with another storage driver than the daemon uses now?',
    );
  const mapper = known.the(ask(deviceMapper));
  const name = container.graph?.['DeviceName'] ?? '';
  // A stopped container's device that is still there on its way out would be refused; here that is what is looked for.
  const device = deviceNamed(mapper, name);
  const settled =
    device?.deferredRemove === true && !container.state.running
      ? { devices: { ...mapper.devices, [name]: { ...device, deferredRemove: false } } }
      : mapper;
  return judgeThinWithRoom(container, docker, settled, known.the(request));
}

/** Only for a container whose device is not active; otherwise the device itself has been read. */
function superblockRequest(thin: ThinContainer): FactRequest<Superblock | null> | undefined {
  return thin.active === undefined ? ask(thinSuperblock, thin.poolDevice, String(thin.deviceId)) : undefined;
}

function superblockOf(thin: ThinContainer, known: Known): { readonly bytes: number } | undefined {
  const request = superblockRequest(thin);
  return request === undefined ? thin.rootfs.fileSystem : (known.the(request) ?? undefined);
}

/** Also what an earlier attempt has repaired and not started. */
function planStart(
  want: Want,
  thin: Judged | undefined,
  repair: ContainerPlan,
  outgrown: readonly ThinContainer[],
): ContainerPlan {
  const stopped = thin !== undefined && !isRefused(thin) && !thin.container.state.running;
  const needed =
    want.start !== false && stopped && !isRefused(repair) && (repair.changes.length > 0 || outgrown.includes(thin));
  return { changes: needed ? [startContainer(thin)] : [], warnings: [], owed: [] };
}

/** The size that the file system will have: what runs is made to last with the size that its device has now. */
function neededBytes(
  { container, active, rootfs }: ThinContainer,
  superblock: { readonly bytes: number } | undefined,
): number {
  const bytes = superblock?.bytes ?? 0;
  return container.state.running && active !== undefined && bytes > rootfs.stored.bytes
    ? active.bytes
    : roundUp(bytes, sectorBytes);
}

/** Whatever is stored and not read by the daemon yet is owed, whether this run stored it or an earlier one. */
function awaitingRestart(thin: ThinContainer, known: Known): Awaiting {
  return {
    container: thin.container,
    daemonBytes: thin.daemonBytes,
    storedBytes: Math.max(thin.rootfs.stored.bytes, neededBytes(thin, superblockOf(thin, known))),
  };
}
