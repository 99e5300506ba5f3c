import * as z from 'zod';
import type { Container } from '../../facts/containers/containers.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import type { TrimState } from '../../facts/rootfs/trim-state.ts';
import { trimState } from '../../facts/rootfs/trim-state.ts';
import { shell } from '../../shell/shell.ts';
import { byHand } from '../../values/shell.ts';
import { formatBytes, parseBytes } from '../../values/size.ts';
import type { Change } from '../engine/change.ts';
import { containerOrLabel, sizeText } from '../engine/input.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { beside, whereAskable } from '../engine/reading.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import { combine } from '../engine/outcome.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { mountActions, mountDirectoryOf } from './file-system-growth.ts';
import { judgeRunning } from './grow-thin.ts';
import type { Meant } from './selection.ts';
import { containerKeys, readMeant, rootfsTouches } from './selection.ts';
import type { OnThin, ThinContainer } from './thin.ts';
import { deviceName, judgeThin, readThins, sectorBytes } from './thin.ts';

const schema = z
  .strictObject({
    ...containerKeys,
    at_least: sizeText(parseBytes)
      .default('64MiB')
      .describe('leave a container alone of which less than this can come back: 1GiB'),
  })
  .refine((want) => want.container !== undefined || want.label !== undefined, { message: containerOrLabel });

type Want = z.infer<typeof schema>;

interface Found extends OnThin {
  readonly state: TrimState | undefined;
}

interface Seen extends Meant {
  /** Of each that is meant, where the driver has devices. */
  readonly found: readonly Found[];
}

function* read(want: Want): Reading<Seen> {
  const meant = yield* readMeant(want);
  const { docker, selection } = meant;
  if (docker.driver !== 'devicemapper' || isRefused(selection)) return { ...meant, found: [] };
  const [thins, states] = yield* beside(
    readThins(selection.selected, docker),
    whereAskable(selection.selected.map(askTrimState)),
  );
  return { ...meant, found: thins.map((thin, index) => ({ ...thin, state: states[index] })) };
}

const script = shell('operations/rootfs/trim.sh');

export const trimRootfs = defineOperation({
  name: 'trim_rootfs',
  summary: 'Give the blocks of files that containers have removed back to the thin pool (devicemapper)',
  schema,
  readOnly: false,
  repeats: false,

  read,

  plan(want, { docker, selection, found }) {
    if (docker.driver !== 'devicemapper')
      return refuse(
        `the storage driver is ${docker.driver}, whose containers have no device of their own that could be trimmed`,
        `trim the file system of ${docker.root} instead: systemctl enable --now fstrim.timer`,
      );
    if (isRefused(selection)) return selection;
    const atLeast = parseBytes(want.at_least);
    const plans = found.map((one) => planOne(one, atLeast, docker));
    const most = formatBytes(atLeast);
    const [only, ...more] = selection.selected;
    return combine(
      plans,
      more.length === 0
        ? `less than ${most} of ${only?.name ?? ''} can come back`
        : `less than ${most} of each of the ${String(selection.selected.length)} containers can come back`,
    );
  },

  touches(_want, seen) {
    const { reads, changes } = rootfsTouches(seen);
    return { reads, changes: [...changes, 'pool'] };
  },

  result: (_want, { found }) => ({
    trimmed: found.flatMap(({ container, state }) =>
      state?.trimmed === undefined
        ? []
        : [{ container: container.name, given_back_bytes: state.trimmed.givenBackBytes }],
    ),
  }),
});

function askTrimState(container: Container): FactRequest<TrimState> | undefined {
  const name = deviceName(container);
  return name === undefined ? undefined : ask(trimState, name);
}

function planOne({ container, mapper, rootfs, state }: Found, atLeast: number, docker: Docker): ContainerPlan {
  if (rootfs === undefined || state === undefined)
    return refuse(
      `${container.name}: docker inspect does not say where its root file system lies`,
      'was it made with another storage driver than the daemon uses now?',
    );
  const thin = judgeThin(container, docker, mapper, rootfs);
  return isRefused(thin) ? thin : trimThin(thin, state, atLeast, docker.driverStatus['Pool Name'] ?? '');
}

function trimThin(thin: ThinContainer, state: TrimState, atLeast: number, pool: string): ContainerPlan {
  const { container, name, active } = thin;
  const { fileSystem, usage } = thin.rootfs;
  const stopped = judgeRunning(thin);
  if (stopped !== undefined) return stopped;
  if (active === undefined)
    return refuse(
      `${container.name} runs, but its device ${name} is not there`,
      'does it run under another daemon or in a machine of its own? Stop and start it, then run the same again',
    );
  if (fileSystem === undefined || usage === undefined)
    return refuse(
      `${container.name}: how much its file system uses cannot be told: it is neither xfs nor ext2, ext3 or ext4, or df does not answer`,
      `look at it: ${byHand('df', `/proc/${String(container.state.pid)}/root/`)}`,
    );
  if (!state.hasFstrim) return refuse('fstrim is not installed', 'install the package util-linux on the host');
  if (state.discardBytes === 0 || thin.pool.discard === 'ignore_discard')
    return refuse(
      `${container.name}: its device takes no discards (${state.discardBytes === 0 ? 'discard_max_bytes is 0' : `the pool has ${thin.pool.discard ?? ''}`})`,
      'what is below the pool, or its options, would have to be changed; a container that is made anew begins with no blocks of its own',
    );
  const mapped = parseMapped(active.device.status);
  if (mapped === undefined)
    return refuse(
      `${container.name}: how much of its device is mapped cannot be told: ${active.device.status.join(' / ')}`,
      `look at it: ${byHand('dmsetup', 'status', name)}`,
    );
  // What df leaves out (the log, tables) is mapped too, and so is what the last trimming could not give back.
  const overhead = Math.max(fileSystem.bytes - usage.size, state.trimmed?.spareBytes ?? 0);
  const free = mapped - usage.used - overhead;
  if (free <= 0 || free < atLeast) return { changes: [], warnings: [], owed: [] };
  const change: Change = {
    summary: `${container.name}: give unused blocks back to the pool (${fileSystem.kind})`,
    subject: `container:${container.id}`,
    // How much it is changes while the container runs, and is no part of what is approved.
    before: { container: container.id, startedAt: container.state.startedAt, trimmed: false },
    after: { container: container.id, startedAt: container.state.startedAt, trimmed: true },
    actions: [
      ...mountActions(fileSystem.kind, `/dev/mapper/${name}`, mountDirectoryOf(name)),
      {
        kind: 'exec',
        argv: ['/bin/sh', '-c', script, 'sh', name, String(container.state.pid), pool, String(thin.pool.blockBytes)],
        timeoutMs: 6 * 3_600_000,
      },
    ],
    undo: [],
    lapse: 'may',
    atomic: true,
    bindings: {
      device: name,
      container: container.id,
      started: container.state.startedAt,
      pid: String(container.state.pid),
      'mount point': mountDirectoryOf(name),
      pool,
    },
  };
  return {
    changes: [change],
    warnings: [
      `${container.name}: ${formatBytes(mapped)} of its device are mapped, and its file system uses ${formatBytes(usage.used)}: about ${formatBytes(free)} can come back, less what it shares with its image`,
      'while a device is trimmed, the disk below the pool is busy',
      ...(thin.pool.discard === 'no_discard_passdown'
        ? [
            `the pool ${pool} passes no discards down: the blocks are free in the pool, but what that lies on (a loop file, a disk) gets nothing back`,
          ]
        : []),
    ],
    owed: [],
  };
}

/** `0 655360 thin 144640 655359`, in bytes. */
function parseMapped(status: readonly string[]): number | undefined {
  const [, sectors] = /^\d+ \d+ thin (\d+) (?:\d+|-)$/.exec(status[0]?.trim() ?? '') ?? [];
  return sectors === undefined ? undefined : Number(sectors) * sectorBytes;
}
