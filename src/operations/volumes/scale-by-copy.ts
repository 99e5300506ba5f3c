import { askContainerSpec } from '../../facts/containers/container-spec.ts';
import type { ContainerSpec } from '../../facts/containers/container-spec.ts';
import type { BegunCopies } from '../../facts/copies/begun-copy.ts';
import { begunCopies } from '../../facts/copies/begun-copy.ts';
import type { CopySource } from '../../facts/copies/copy-source.ts';
import { copySource } from '../../facts/copies/copy-source.ts';
import type { CopyDirectory, CopyTools } from '../../facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../facts/copies/directory-copy.ts';
import { afterRestarts, toBeMade } from '../../facts/host/entered-directory.ts';
import { ask } from '../../facts/fact.ts';
import { functionOf, wholeScript } from '../../shell/render.ts';
import { isRefused, refuse, refuseForAll } from '../../values/refusal.ts';
import { commandLine } from '../../values/shell.ts';
import { formatBytes } from '../../values/size.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Change } from '../engine/change.ts';
import type { Gate } from '../containers/replace/replace.ts';
import { judgeReplacement, replacementWarnings } from '../containers/replace/judge.ts';
import { replaceContainers } from '../containers/replace/replace.ts';
import { asBefore } from '../containers/replace/under-way.ts';
import type { CopyMethod } from '../copies/copy-method.ts';
import { chooseMethod } from '../copies/copy-method.ts';
import type { Directory } from '../copies/copy-start.ts';
import { sidesBound } from '../copies/copy-start.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import type { ContainerPlan } from '../engine/outcome.ts';
import type { Reading } from '../engine/reading.ts';
import { allBeside, beside, later, together } from '../engine/reading.ts';
import type { Outgrown } from '../rootfs/outgrown.ts';
import { judgeStopped, readOutgrown } from '../rootfs/outgrown.ts';
import { nested, noMethod, toolWarnings, unfinishedSource, unfit } from '../copies/copy-judgement.ts';
import { finalPass, livePass, unchangedSinceCopy } from '../copies/copy-passes.ts';
import type { CopyTarget } from './copy-target.ts';
import { keptByFailure, targetOf, tooLarge } from './copy-target.ts';
import { createVolume } from './create-volume.ts';
import { downtime } from '../copies/copy-time.ts';
import { inLedger } from '../versions/ledger.ts';
import { rememberLeft, removeLeft } from './remove-volume.ts';
import type { Situation } from './situation.ts';
import { judgeQuota } from './situation.ts';
import { binders, underWay } from '../versions/versions.ts';

export interface ScaleByCopyWant {
  readonly bytes: number;
  readonly bwlimit: string | undefined;
  readonly gate: Gate;
  readonly discardLayer: boolean;
}

export interface CopyFacts {
  readonly tools: CopyTools;
  readonly begunHere: BegunCopies;
  readonly source: CopyDirectory;
  readonly special: CopySource;
  /** Of the containers whose volume it is, in their order. */
  readonly specs: readonly (() => ContainerSpec)[];
  readonly outgrown: Outgrown;
}

export function* readForCopy(situation: Situation): Reading<CopyFacts> {
  const { mountpoint } = situation.volume;
  const [[tools, begunHere, source, special], [specs, outgrown]] = yield* beside(
    together(ask(copyTools), ask(begunCopies), ask(copyDirectory, mountpoint), ask(copySource, mountpoint)),
    beside(
      allBeside(situation.users.map(({ id }) => later(askContainerSpec(id)))),
      readOutgrown(stoppedIds(situation), situation.docker),
    ),
  );
  return { tools, begunHere, source, special, specs, outgrown };
}

/** Those that a replacement stops; of one that has been begun nothing but going on or back is right. */
function stoppedIds({ users, past }: Situation): readonly string[] {
  return users.filter(({ id, running }) => running && underWay(past, id) === undefined).map(({ id }) => id);
}

/** A new volume with the size, a copy, and all containers that use the old one replaced by such that use the new one. */
export function scaleByCopy(
  situation: Situation,
  want: ScaleByCopyWant,
  { tools, begunHere, source, special, specs, outgrown: read }: CopyFacts,
): ContainerPlan {
  const { volume, uses, family, begun } = situation;
  const unsupported = judgeQuota(situation);
  if (unsupported !== undefined) return unsupported;
  if (source.kind !== 'directory')
    return refuse(
      `${volume.name}: its directory ${volume.mountpoint} does not exist`,
      'does the daemon run on this host, and under this root directory?',
    );
  const method = chooseMethod(tools);
  if (method === undefined) return noMethod;
  const [binder] = binders(uses, volume);
  if (binder !== undefined)
    return refuse(
      `${binder.name} does not mount ${volume.name} by its name but binds a path in its directory, and would go on with the old one`,
      `recreate ${binder.name} with the volume itself`,
    );
  const target = targetOf(situation, want.bytes);
  if (isRefused(target)) return target;
  // What has been begun is gone on with, or back: what speaks against beginning does not count any more.
  const refusal =
    begun.length > 0
      ? undefined
      : (nested(source) ??
        unfinishedSource(source, begunHere) ??
        unfit(method, source, special) ??
        tooLarge(situation, source, target, want.bytes));
  if (refusal !== undefined) return refusal;
  const patch = { volumes: { [volume.name]: target.name }, ...(want.discardLayer ? { discardLayer: true } : {}) };
  const containers = specs.map((read) => {
    const spec = read();
    return { spec: asBefore(spec, underWay(situation.past, spec.id)), patch };
  });
  // The old ones are started again when it fails, or is rolled back: by then another daemon may do it.
  const outgrown = judgeStopped(stoppedIds(situation), read, 'either');
  const refusals = [
    ...containers.flatMap(({ spec }) => judgeReplacement(spec, patch, uses, underWay(situation.past, spec.id)) ?? []),
    ...(outgrown === undefined ? [] : [outgrown]),
  ];
  const changes = [
    ...(target.ready ? [] : [createVolume(target)]),
    ...(begun.length > 0 ? [] : liveCopy(target, method, source, family, want)),
    last(situation, source, target, method, containers, want),
  ];
  const kept = keptByFailure(situation, target);
  if (kept !== undefined) return { ...kept, provisional: changes };
  if (refusals.length > 0) return refuseForAll(refusals);

  const growth = want.bytes - source.allocatedBytes;
  return {
    changes,
    warnings: [
      ...containers.flatMap(({ spec }) => replacementWarnings(spec, patch)),
      ...toolWarnings(method, tools, want.bwlimit),
      ...(special.fixed > 0
        ? [
            `${String(special.fixed)} of what is in ${volume.name} cannot be changed (chattr +i or +a: ${special.firstFixed.map((path) => oneLine(path, 60)).join(', ')}): this flag is not copied`,
          ]
        : []),
      ...(situation.state.quota !== undefined && growth > situation.state.quota.freeBytes
        ? [
            `${situation.state.quota.mountPoint} has ${formatBytes(situation.state.quota.freeBytes)} free: a quota is a limit, not a reservation`,
          ]
        : []),
    ],
    owed: [],
  };
}

/** The downtime of a copy, told from what is known without measuring the volume where that can be had. */
export function copyDowntime({ state, users }: Situation, source: CopyDirectory | undefined): string | undefined {
  const containers = users.filter(({ running }) => running).length;
  if (source?.kind === 'directory')
    return downtime({ bytes: source.allocatedBytes, entries: source.entries, containers });
  return state.quota === undefined || state.quota.project === 0
    ? undefined
    : downtime({ bytes: state.quota.usedBytes, entries: state.usedInodes, containers });
}

function liveCopy(
  target: CopyTarget,
  method: CopyMethod,
  source: Directory,
  family: string,
  { bwlimit }: ScaleByCopyWant,
): readonly Change[] {
  const actions = livePass(method, source, toBeMade(target.mountpoint), { bwlimit, exclusive: true });
  if (actions.length === 0) return [];
  return [
    {
      summary: `copy ${target.replaces} to ${target.name} while containers go on running`,
      subject: `copy:${family}`,
      before: { volume: target.replaces },
      after: { volume: target.replaces },
      actions,
      undo: [],
      atomic: false,
      bindings: sidesBound({ source }),
    },
  ];
}

function last(
  situation: Situation,
  source: Directory,
  target: CopyTarget,
  method: CopyMethod,
  containers: Parameters<typeof replaceContainers>[0]['containers'],
  { bwlimit, gate }: ScaleByCopyWant,
): Change {
  const { volume, family, begun } = situation;
  const { name, mountpoint: to } = target;
  const from = volume.mountpoint;
  const inForce = inLedger(family, 'in-force', target);
  const givenUp = inLedger(family, 'given-up', target);
  const functions = [
    functionOf('plimsoll_pass', finalPass(method, source, toBeMade(to), { bwlimit, exclusive: true })),
    functionOf('plimsoll_leave', rememberLeft(volume.name, from)),
  ];
  const pass = 'plimsoll_pass && plimsoll_leave';
  const summary = `last pass of the copy to ${name}, verified by checksum`;
  const unchanged = unchangedSinceCopy(afterRestarts(source), toBeMade(to));
  const removeOld = [removeLeft(volume.name, from, to)];
  if (containers.length > 0) {
    const replaced = replaceContainers({
      subject: `containers:${family}`,
      containers,
      whileStopped: {
        script: [...functions, `${pass} && ${commandLine(inForce.argv)}`],
        summary,
        downtime: `from the last pass on, ${copyDowntime(situation, source) ?? 'for a time that depends on what it holds'}`,
      },
      undoGuard: unchanged,
      finalizeAfter: removeOld,
      gate,
      ...(begun.length === 0 ? {} : { underWay: [...new Set(begun.map(({ step }) => step))].join(', ') }),
    });
    return { ...replaced, bindings: { ...replaced.bindings, ...sidesBound({ source }) } };
  }
  const copies = wholeScript(`Makes the last pass of the copy to ${name}.`, ...functions, pass);
  const guard = wholeScript(`Stops here if ${name} is not as the copy has left it.`, unchanged);
  return {
    summary: `${name}: last pass of the copy, verified by checksum; it takes the place of ${volume.name}`,
    subject: `containers:${family}`,
    before: { volume: volume.name },
    after: { volume: name },
    actions: [{ kind: 'exec', argv: ['/bin/sh', '-s'], stdin: copies, timeoutMs: longestCopyMs }, inForce],
    undo: [{ kind: 'exec', argv: ['/bin/sh', '-s'], stdin: guard, timeoutMs: 3_600_000 }, givenUp],
    finalize: removeOld,
    atomic: true,
    bindings: sidesBound({ source }),
  };
}
