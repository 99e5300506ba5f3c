import { AppError } from '../../src/errors.ts';
import type { Change } from '../../src/operations/engine/change.ts';
import type { HostPlan, Plan, StepPlan } from '../../src/plan/plan.ts';
import type { Intent, JournalRecord, RecordedOutcome } from '../../src/run/journal/journal.ts';
import type { RunEvent, StampedEvent } from '../../src/run/report/event.ts';
import type { HostResult, RunResult } from '../../src/run/report/recap.ts';

/** What a run of so many hosts is made of, generated: the same for the same number. */

export const steps = 6;
export const runId = '20261120-181612-9f3a1c';
const at = '2026-11-20T18:16:12.000Z';

export function hostNames(number: number): readonly string[] {
  return Array.from({ length: number }, (_, index) => `web-${String(index + 1).padStart(5, '0')}`);
}

/** Of a thousand hosts fifty cannot be reached, and thirty are refused, each with a message of its own. */
function fate(index: number): 'fit' | 'unreachable' | 'refused' {
  if (index % 20 === 7) return 'unreachable';
  return index % 33 === 11 ? 'refused' : 'fit';
}

export function changeOf(host: string, step: number): Change {
  const device = `docker-${host}-${String(step)}`;
  return {
    summary: `app-${String(step)}: 10 GiB → 20 GiB`,
    before: { deviceId: step, sizeBytes: 10 * 1024 ** 3 },
    after: { deviceId: step, sizeBytes: 20 * 1024 ** 3 },
    actions: [
      {
        kind: 'exec',
        argv: ['dmsetup', 'load', device, '--table', '0 41943040 thin 253:0 7'],
        check: { argv: ['dmsetup', 'table', '--inactive', device], equals: '0 41943040 thin 253:0 7' },
        onFailure: [['dmsetup', 'clear', device]],
      },
      { kind: 'write-file', path: `/meta/${device}`, content: '{"size":20}', mode: '0600', expect: '{"size":10}' },
    ],
    undo: [{ kind: 'exec', argv: ['dmsetup', 'load', device, '--table', '0 20971520 thin 253:0 7'] }],
    atomic: true,
    bindings: { device },
  };
}

function stepPlan(host: string, index: number, step: number): StepPlan {
  return {
    id: `1.${String(step)}`,
    step: `Grow app-${String(step)}`,
    operation: 'grow_rootfs',
    where: 'grow.yaml:5:5',
    want: { container: `app-${String(step)}`, size: '20GiB' },
    planned:
      step === steps
        ? { outcome: 'noop', reason: `it is 20 GiB already on ${host}` }
        : {
            outcome: 'change',
            changes: [changeOf(host, step)],
            warnings: [`the pool has ${String(index % 7)} GiB left`],
            owed: [`restart docker, or docker-${host}-${String(step)} falls back`],
          },
  };
}

export function planOf(number: number): Plan {
  const hosts = hostNames(number).map((host, index): HostPlan => {
    if (fate(index) === 'unreachable')
      return {
        host,
        steps: [],
        error: new AppError(
          'unreachable',
          `${host} (10.0.${String(index >> 8)}.${String(index & 255)}) does not answer`,
          {
            hint: `check that ${host} is up`,
          },
        ),
      };
    return { host, steps: Array.from({ length: steps }, (_, step) => stepPlan(host, index, step + 1)) };
  });
  return { playbook: 'grow.yaml', hosts };
}

export function resultOf(number: number): RunResult {
  const hosts = hostNames(number).map((host, index): HostResult => {
    const is = fate(index);
    return {
      host,
      status: is === 'fit' ? 'changed' : is,
      applied: is === 'fit' ? Array.from({ length: steps }, (_, step) => changeOf(host, step).summary) : [],
      undone: [],
      owed: is === 'fit' ? ['restart docker, or app-1 falls back'] : [],
      warnings: is === 'fit' ? [`the pool has ${String(index % 7)} GiB left`] : [],
      ...(is === 'fit'
        ? {}
        : { error: new AppError(is, `${host} (10.0.0.${String(index & 255)}) does not answer`), step: 'Grow app-1' }),
    };
  });
  return {
    runId,
    mode: 'apply',
    hosts,
    status: 'failed',
    pending: false,
    exitCode: 1,
    seconds: 42,
    programs: { programs: 0, hosts: 0 },
    journal: '/state/runs/1',
  };
}

/** Of each host six changes, each begun and ended, and its end. With `cut` the last change of each has not come to its end. */
export function* journalRecords(
  names: readonly string[],
  {
    id = runId,
    cut = false,
    changes = steps,
  }: { readonly id?: string; readonly cut?: boolean; readonly changes?: number } = {},
): Generator<JournalRecord> {
  yield { type: 'run', version: 1, runId: id, at, by: 'ann@laptop', playbook: 'grow.yaml', digest: 'd', hosts: names };
  for (let step = 1; step <= changes; step += 1) {
    for (const host of names) {
      const change = changeOf(host, step);
      const place = {
        at,
        host,
        step: `1.${String(step)}`,
        number: 0,
        actions: change.actions.map((_, index) => index),
      };
      const intent: Intent = {
        type: 'intent',
        ...place,
        name: `Grow app-${String(step)}`,
        operation: 'grow_rootfs',
        want: { container: `app-${String(step)}`, size: '20GiB' },
        change,
        become: true,
        work: `0-1.${String(step)}-0-0-1`,
      };
      yield intent;
      const outcome: RecordedOutcome = { type: 'outcome', ...place, summary: change.summary };
      if (!cut || step < changes) yield outcome;
    }
  }
  if (cut) return;
  for (const host of names) yield { type: 'host', at, host, status: 'changed', owed: [] };
  yield { type: 'end', at, status: 'changed' };
}

/** What six changing steps of each host say, a round of all hosts after the other: 4 events to connect and plan, 5 a step, 1 at the end. */
export function* eventsOf(names: readonly string[]): Generator<StampedEvent> {
  let seq = 0;
  const stamp = (event: RunEvent): StampedEvent => ({ v: 1, seq: (seq += 1), at: new Date().toISOString(), ...event });
  yield stamp({ type: 'run.started', runId, mode: 'apply', playbook: 'grow.yaml', hosts: names });
  for (const host of names) {
    yield stamp({ type: 'host.waiting', host, reason: `another run has ${host}: ann@laptop, apply grow.yaml` });
    yield stamp({ type: 'host.connected', host, hostKey: 'SHA256:abc', runsAs: 'root' });
    yield stamp({ type: 'facts.read', host, step: 'Grow app-1', facts: ['docker.info', 'dmsetup.table'] });
    yield stamp({
      type: 'step.planned',
      host,
      step: 'Grow app-1',
      operation: 'grow_rootfs',
      outcome: 'change',
      changes: [],
    });
  }
  for (let number = 1; number <= steps; number += 1) {
    const step = `Grow app-${String(number)}`;
    const summary = `app-${String(number)}: 10 GiB → 20 GiB`;
    for (const host of names) yield stamp({ type: 'change.started', host, step, summary });
    for (const part of ['', ' 40%\r 60%', ' 100%\n'])
      for (const host of names)
        yield stamp(
          part === ''
            ? { type: 'facts.read', host, step, facts: ['docker.info'] }
            : { type: 'action.output', host, step, stream: 'stdout', text: `block ${String(number)}${part}` },
        );
    for (const host of names) yield stamp({ type: 'change.applied', host, step, summary, seconds: 5 });
  }
  for (const host of names) yield stamp({ type: 'host.finished', host, status: 'changed' });
  yield stamp({
    type: 'run.finished',
    runId,
    status: 'changed',
    hosts: Object.fromEntries(names.map((host) => [host, 'changed'])),
    exitCode: 0,
  });
}

/** How many these are. */
export function eventsFor(hosts: number): number {
  return 2 + hosts * (4 + 5 * steps + 1);
}
