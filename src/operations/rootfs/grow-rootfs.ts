import * as z from 'zod';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import { deviceMapper } from '../../facts/host/device-mapper.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import type { Known } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes, parseSize, resolveSize, roundUp } from '../../values/size.ts';
import { containerOrLabel, sizeText } from '../engine/input.ts';
import type { Decision, Finding } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Awaiting } from '../restart/restart.ts';
import { withRestart } from '../restart/restart.ts';
import { askOverlayQuota, growOverlay } from './grow-overlay.ts';
import { growThin } from './grow-thin.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { combine } from '../engine/outcome.ts';
import { containerKeys, rootfsNeeds, rootfsTouches, select } from './selection.ts';
import type { ThinContainer } from './thin.ts';
import { askThinRootfs, judgeThinWithRoom, sectorBytes } from './thin.ts';
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

export const growRootfs = defineOperation<Want>({
  name: 'grow_rootfs',
  summary: "Grow a container's root file system online, so that the new size survives a restart",
  schema,
  readOnly: false,
  repeats: false,
  needs: rootfsNeeds,
  touches: rootfsTouches,

  plan(want, known): Decision {
    const docker = known.the(ask(dockerInfo));
    const unsupported = judgeDriver(docker);
    if (unsupported !== undefined) return unsupported;
    const selection = select(want, known);
    if (isRefused(selection)) return selection;
    const plans = selection.selected.map((container) => planOne(want, container, docker, known));
    const size = parseSize(want.size);
    const relative =
      size.kind === 'absolute' ? [] : [`${want.size} is relative to the size now: it grows again at every run`];
    const noop =
      selection.selected.length === 1
        ? `${selection.selected[0]?.name ?? ''} is ${shownSize(want, known)} already`
        : `all ${String(selection.selected.length)} containers have that size already`;
    const awaiting = docker.driver === 'devicemapper' ? awaitingRestart(want, selection.selected, docker, known) : [];
    return combine(
      [
        ...withRestart(plans, { awaiting, allowed: want.restart_daemon, docker, all: known.the(ask(containers)) }),
        {
          changes: [],
          warnings: plans.some((plan) => !isRefused(plan) && plan.changes.length > 0) ? relative : [],
          owed: [],
        },
      ],
      noop,
    );
  },

  pin(want, known) {
    const selection = select(want, known);
    if (isRefused(selection) || parseSize(want.size).kind === 'absolute') return want;
    // What has no size now (it does not run yet, say) is left open: it has one when its turn comes.
    const sizes = selection.selected
      .filter((container) => bytesNow(container, known) > 0)
      .map((container): [string, number] => [container.id, targetBytes(want, container, known)]);
    return { ...want, sizes: { ...want.sizes, ...Object.fromEntries(sizes) } };
  },

  repin: (want, fresh, saved) =>
    parseSize(want.size).kind === 'absolute' || saved.sizes === undefined ? fresh : { ...fresh, sizes: saved.sizes },

  verify(want, known): readonly Finding[] {
    const selection = select(want, known);
    if (isRefused(selection)) return [];
    return selection.selected.flatMap((container) => {
      const request = askThinRootfs(container, known.the(ask(dockerInfo)));
      const usage = request === undefined ? undefined : known.get(request)?.usage;
      // What the container itself sees; a file system keeps some of its space for its own tables and log.
      const bytes = targetBytes(want, container, known);
      if (usage === undefined || usage.size >= bytes * 0.7) return [];
      return [
        {
          message: `${container.name} itself still sees ${formatBytes(usage.size)} where ${formatBytes(bytes)} were wanted`,
        },
      ];
    });
  },
});

function planOne(want: Want, container: Container, docker: Docker, known: Known): ContainerPlan {
  const bytes = targetBytes(want, container, known);
  if (docker.driver === 'overlay2') {
    const request = askOverlayQuota(container, docker);
    return request === undefined ? noLayer(container) : growOverlay(container, known.the(request), bytes);
  }
  const thin = thinOf(container, docker, known);
  return isRefused(thin) ? thin : growThin(thin, bytes);
}

function thinOf(container: Container, docker: Docker, known: Known): ThinContainer | Refusal {
  const request = askThinRootfs(container, docker);
  return request === undefined
    ? noLayer(container)
    : judgeThinWithRoom(container, docker, known.the(ask(deviceMapper)), known.the(request));
}

function noLayer(container: Container): Refusal {
  return refuse(
    `${container.name}: docker inspect does not say where its root file system lies`,
    'was it made with another storage driver than the daemon uses now?',
  );
}

/** In whole sectors (devicemapper); a quota is rounded by its own module. */
function targetBytes(want: Want, container: Container, known: Known): number {
  const pinned = want.sizes?.[container.id];
  if (pinned !== undefined) return pinned;
  return roundUp(resolveSize(parseSize(want.size), bytesNow(container, known)), sectorBytes);
}

function bytesNow(container: Container, known: Known): number {
  const docker = known.the(ask(dockerInfo));
  const quota = docker.driver === 'overlay2' ? askOverlayQuota(container, docker) : undefined;
  if (quota !== undefined) return known.get(quota)?.limitBytes ?? 0;
  const thin = askThinRootfs(container, docker);
  return (thin === undefined ? undefined : known.get(thin)?.deviceBytes) ?? 0;
}

function shownSize(want: Want, known: Known): string {
  const selection = select(want, known);
  const [container] = isRefused(selection) ? [] : selection.selected;
  return container === undefined ? want.size : formatBytes(targetBytes(want, container, known));
}

function awaitingRestart(
  want: Want,
  selected: readonly Container[],
  docker: Docker,
  known: Known,
): readonly Awaiting[] {
  return selected.flatMap((container) => {
    const thin = thinOf(container, docker, known);
    if (isRefused(thin)) return [];
    return [
      {
        container,
        daemonBytes: thin.daemonBytes,
        storedBytes: Math.max(thin.rootfs.stored.bytes, targetBytes(want, container, known)),
      },
    ];
  });
}
