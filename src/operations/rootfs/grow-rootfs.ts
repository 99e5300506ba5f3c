import * as z from 'zod';
import type { Container } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { OverlayQuota } from '../../facts/rootfs/overlay-quota.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes, parseSize, resolveSize, roundUp } from '../../values/size.ts';
import { containerOrLabel, sizeText } from '../engine/input.ts';
import type { Decision, Finding } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { whereAskable } from '../engine/reading.ts';
import type { Awaiting } from '../restart/restart.ts';
import { withRestart } from '../restart/restart.ts';
import { askOverlayQuota, growOverlay } from './grow-overlay.ts';
import { growThin } from './grow-thin.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { combine } from '../engine/outcome.ts';
import type { Meant } from './selection.ts';
import { containerKeys, readMeant, rootfsTouches } from './selection.ts';
import type { OnThin, ThinContainer } from './thin.ts';
import { judgeThinWithRoom, readThins, sectorBytes } from './thin.ts';
import { judgeDriver } from './unsupported.ts';

const schema = z
  .strictObject({
    ...containerKeys,
    size: sizeText(parseSize).describe(
      'what it is to have: 20GiB; or relative to what it has when the plan is made: +5GiB, 150%',
    ),
    restart_daemon: z
      .boolean()
      .optional()
      .describe(
        'restart the Docker daemon where that is needed for the new size to last; only with live-restore, so that containers go on running',
      ),
    sizes: z
      .record(z.string(), z.number().int().positive())
      .optional()
      .describe('filled in by a plan: bytes by container id, once a relative size has been made absolute'),
  })
  .refine((want) => want.container !== undefined || want.label !== undefined, { message: containerOrLabel });

type Want = z.infer<typeof schema>;

interface OnOverlay {
  readonly container: Container;
  /** Undefined where docker inspect does not name its layer. */
  readonly quota: OverlayQuota | undefined;
}
type Found = OnOverlay | OnThin;

interface Seen extends Meant {
  /** Of each that is meant, where the driver is one on which a container can grow. */
  readonly found: readonly Found[];
}

/** Two flights: what Docker says; then what the kernel and the disk say of the containers that are meant. */
function* read(want: Want): Reading<Seen> {
  const meant = yield* readMeant(want);
  const { docker, selection } = meant;
  if (judgeDriver(docker) !== undefined || isRefused(selection)) return { ...meant, found: [] };
  const { selected } = selection;
  if (docker.driver !== 'overlay2') return { ...meant, found: yield* readThins(selected, docker) };
  const quotas = yield* whereAskable(selected.map((container) => askOverlayQuota(container, docker)));
  return { ...meant, found: selected.map((container, index) => ({ container, quota: quotas[index] })) };
}

export const growRootfs = defineOperation({
  name: 'grow_rootfs',
  summary: "Grow a container's root file system online, so that the new size survives a restart",
  schema,
  readOnly: false,
  repeats: false,
  read,
  touches: (_want, seen) => rootfsTouches(seen),

  plan(want, { docker, all, selection, found }): Decision {
    const unsupported = judgeDriver(docker);
    if (unsupported !== undefined) return unsupported;
    if (isRefused(selection)) return selection;
    const plans = found.map((one) => planOne(want, one, docker));
    const size = parseSize(want.size);
    const relative =
      size.kind === 'absolute' ? [] : [`${want.size} is relative to the size now: it grows again at every run`];
    const [only, ...more] = found;
    const noop =
      only !== undefined && more.length === 0
        ? `${only.container.name} is ${formatBytes(targetBytes(want, only))} already`
        : `all ${String(found.length)} containers have that size already`;
    return combine(
      [
        ...withRestart(plans, {
          awaiting: found.flatMap((one) => awaitingRestart(want, one, docker)),
          allowed: want.restart_daemon,
          docker,
          all,
        }),
        {
          changes: [],
          warnings: plans.some((plan) => !isRefused(plan) && plan.changes.length > 0) ? relative : [],
          owed: [],
        },
      ],
      noop,
    );
  },

  pin(want, { selection, found }) {
    if (isRefused(selection) || parseSize(want.size).kind === 'absolute') return want;
    // What has no size now (it does not run yet, say) is left open: it has one when its turn comes.
    const sizes = found
      .filter((one) => bytesNow(one) > 0)
      .map((one): [string, number] => [one.container.id, targetBytes(want, one)]);
    return { ...want, sizes: { ...want.sizes, ...Object.fromEntries(sizes) } };
  },

  repin: (want, fresh, saved) =>
    parseSize(want.size).kind === 'absolute' || saved.sizes === undefined ? fresh : { ...fresh, sizes: saved.sizes },

  verify(want, { found }): readonly Finding[] {
    return found.flatMap((one) => {
      const { container } = one;
      const usage = 'quota' in one ? undefined : one.rootfs?.usage;
      // What the container itself sees; a file system keeps some of its space for its own tables and log.
      const bytes = targetBytes(want, one);
      if (usage === undefined || usage.size >= bytes * 0.7) return [];
      return [
        {
          message: `${container.name} itself still sees ${formatBytes(usage.size)} where ${formatBytes(bytes)} were wanted`,
        },
      ];
    });
  },
});

function planOne(want: Want, found: Found, docker: Docker): ContainerPlan {
  const bytes = targetBytes(want, found);
  if ('quota' in found)
    return found.quota === undefined ? noLayer(found.container) : growOverlay(found.container, found.quota, bytes);
  const thin = thinOf(found, docker);
  return isRefused(thin) ? thin : growThin(thin, bytes);
}

function thinOf({ container, mapper, rootfs }: OnThin, docker: Docker): ThinContainer | Refusal {
  return rootfs === undefined ? noLayer(container) : judgeThinWithRoom(container, docker, mapper, rootfs);
}

function noLayer(container: Container): Refusal {
  return refuse(
    `${container.name}: docker inspect does not say where its root file system lies`,
    'was it made with another storage driver than the daemon uses now?',
  );
}

/** In whole sectors (devicemapper); a quota is rounded by its own module. */
function targetBytes(want: Want, found: Found): number {
  const pinned = want.sizes?.[found.container.id];
  if (pinned !== undefined) return pinned;
  return roundUp(resolveSize(parseSize(want.size), bytesNow(found)), sectorBytes);
}

function bytesNow(found: Found): number {
  return ('quota' in found ? found.quota?.limitBytes : found.rootfs?.deviceBytes) ?? 0;
}

function awaitingRestart(want: Want, found: Found, docker: Docker): readonly Awaiting[] {
  const thin = 'quota' in found ? undefined : thinOf(found, docker);
  if (thin === undefined || isRefused(thin)) return [];
  return [
    {
      container: found.container,
      daemonBytes: thin.daemonBytes,
      storedBytes: Math.max(thin.rootfs.stored.bytes, targetBytes(want, found)),
    },
  ];
}
