import { dirname } from 'node:path';
import { AppError } from '../errors.ts';
import { operations } from '../operations/registry.ts';
import { parsePlanFile } from '../plan/plan-file.ts';
import { inPresentTerms, planInPresentTerms } from '../plan/present-terms.ts';
import type { HostHistory } from '../run/journal/history.ts';
import { changesInEffect, historyOf, isUnfinished } from '../run/journal/history.ts';
import { openJournal } from '../run/journal/journal.ts';
import { repairJournal } from '../run/journal/read-journal.ts';
import { holdRun } from '../run/journal/run-lock.ts';
import { findRun, journalPath, openRun } from '../run/journal/run-store.ts';
import type { Confirmation } from './continue-command.ts';
import type { ContinueMode, ContinueOptions, ContinuedRun } from './continued.ts';
import { continuing } from './continued.ts';
import { sha256 } from './playbook-session.ts';
import type { SessionResult } from './session.ts';
import { execute } from './session.ts';
import { settleLeft } from './settle-records.ts';
import type { World } from './world.ts';
import { byHand } from '../values/shell.ts';

/** Goes on with a run of this machine. Undefined: there is nothing left to do in it, and that has been said. */
export async function continueRun(
  world: World,
  mode: ContinueMode,
  wanted: string | undefined,
  options: ContinueOptions,
  confirm: Confirmation,
): Promise<SessionResult | undefined> {
  const { runId, directory } = await findRun(world.stateDirectory, wanted);
  const held = await holdRun(world.stateDirectory, runId);
  try {
    const stored = await openRun(world.stateDirectory, runId);
    const present = inPresentTerms(operations);
    const settled = await settleLeft(world, { runId, directory }, stored.records, options);
    const earlier = settled.map((record) => (record.type === 'intent' ? present(record) : record));
    const run: ContinuedRun = {
      runId,
      history: historyOf(earlier),
      plan: planInPresentTerms(parsePlanFile(stored.planText, `${directory}/plan.json`, sha256), operations),
    };
    const hosts = run.history.hosts.filter(
      (host) => concerns(mode, host) || (mode === 'finalize' && options.partial === true && isWholeSoFar(host)),
    );
    const concerned = new Set(hosts);
    const waiting =
      mode === 'finalize'
        ? run.history.hosts.filter((host) => !concerned.has(host) && isUnfinished(host) && host.changes.length > 0)
        : [];
    if (hosts.length === 0) {
      const byName = (command: string): string => byHand('plimsoll', command, runId);
      const orPartial =
        options.partial === true
          ? ''
          : waiting.every(isWholeSoFar)
            ? `; or ${byHand('plimsoll', 'finalize', '--partial', runId)}, which gives up both: what the run has changed so far stays`
            : '';
      if (waiting.length > 0)
        throw new AppError('usage', notFinalized(waiting), {
          hint: `${byName('resume')}, or ${byName('rollback')}, and then finalize${orPartial}`,
        });
      world.out.write(`${nothingLeft[mode](runId)}\n`);
      return undefined;
    }
    if (waiting.length > 0) world.err.write(`warning: ${notFinalized(waiting)}\n`);
    confirm.ready();
    const continued = await continuing[mode](world, run, hosts, options);
    return await execute(
      world,
      { ...options, records: options.records ?? run.history.recordsAt },
      {
        ...continued,
        mode,
        runId,
        earlier,
        part: run.history.parts.length,
        playbook: run.history.playbook,
        directory: dirname(run.plan.playbook.file),
        exitCodeForPending: 0,
        confirm: () => confirm.ask(),
        openJournal: async () => {
          const path = journalPath({ directory });
          await repairJournal(path);
          const journal = await openJournal(path);
          await journal.append({
            type: 'continued',
            at: new Date().toISOString(),
            by: world.who,
            mode,
            hosts: hosts.map(({ host }) => host),
          });
          return { journal, directory };
        },
      },
    );
  } finally {
    await held.release();
  }
}

const nothingLeft: Readonly<Record<ContinueMode, (runId: string) => string>> = {
  resume: (runId) => `Run ${runId} is done on every host: there is nothing to go on with.`,
  rollback: (runId) => `Run ${runId} has changed nothing that is not undone already.`,
  finalize: (runId) => `Run ${runId} has kept nothing that is not removed already: there is nothing to finalize.`,
};

function notFinalized(hosts: readonly HostHistory[]): string {
  return `not finalized, because a host must be done or rolled back first: ${hosts.map(({ host, state }) => `${host} (${state})`).join(', ')}`;
}

/** Ended before its end, with nothing that is half done: neither a change, nor a rollback. */
function isWholeSoFar(host: HostHistory): boolean {
  return (
    isUnfinished(host) &&
    (host.mode === 'apply' || host.mode === 'resume') &&
    host.changes.length > 0 &&
    host.open.length === 0 &&
    host.changes.every(isWhole)
  );
}

function isWhole({ outcome, undone, undoBegun, intent }: HostHistory['changes'][number]): boolean {
  if (undone || undoBegun) return false;
  return outcome === 'done' || (outcome === 'failed' && (intent.change.finalize ?? []).length === 0);
}

function concerns(mode: ContinueMode, host: HostHistory): boolean {
  switch (mode) {
    case 'resume':
      return isUnfinished(host);
    case 'rollback':
      return changesInEffect(host).length > 0 || host.open.length > 0;
    case 'finalize':
      return (
        (host.state === 'done' ||
          host.state === 'rolled-back' ||
          (host.mode === 'finalize' && host.state !== 'finalized')) &&
        host.changes.length > 0
      );
  }
}
