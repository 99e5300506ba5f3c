import type { ErrorCode, HostStatus } from '../../src/errors.ts';
import type { Change } from '../../src/operations/engine/change.ts';
import type { Intent, JournalRecord, RecordedOutcome } from '../../src/run/journal/journal.ts';
import type { Records } from '../../src/run/journal/records.ts';
import { RunRecords } from '../../src/run/journal/run-records.ts';

export const runId = '20261120-181612-9f3a1c';
const at = '2026-11-20T18:16:12.000Z';

const unasked = (): Promise<never> => Promise.reject(new Error('the records were asked'));
const noRecords: Records = { check: unasked, claim: unasked, settle: unasked, scaled: unasked };

/** Of a run that makes no versions: nobody may be asked. */
export const nothingRecorded = new RunRecords({
  records: noRecords,
  runId: 'test',
  who: 'ann@laptop',
  mode: 'apply',
  earlier: [],
  signal: new AbortController().signal,
});

/** A change of one action for each name, each of which can be undone. */
export function change(summary: string, names: readonly string[] = ['grow'], more: Partial<Change> = {}): Change {
  return {
    summary,
    before: { size: 10 },
    after: { size: 20 },
    actions: names.map((name) => ({ kind: 'exec', argv: [name] })),
    undo: names.map((name) => ({ kind: 'exec', argv: ['undo', name] })),
    atomic: false,
    bindings: {},
    ...more,
  };
}

export function begin(
  hosts: readonly string[] = ['web-1'],
  more: Partial<Extract<JournalRecord, { type: 'run' }>> = {},
): JournalRecord {
  return { type: 'run', version: 1, runId, at, by: 'ann@laptop', playbook: 'grow.yaml', digest: 'd', hosts, ...more };
}

export function continued(
  mode: 'resume' | 'rollback' | 'finalize',
  hosts: readonly string[] = ['web-1'],
): JournalRecord {
  return { type: 'continued', at: '2026-11-20T19:00:00.000Z', by: 'bob@laptop', mode, hosts };
}

export function intent(of: Change, more: Partial<Intent> = {}): Intent {
  return {
    type: 'intent',
    at,
    host: 'web-1',
    step: '1.1',
    name: 'Grow',
    operation: 'grow_rootfs',
    want: { size: 20 },
    number: 0,
    change: of,
    actions: [0],
    become: true,
    work: '0-1.1-0-0-1',
    ...more,
  };
}

export function outcome(of: Intent, code?: ErrorCode, output?: string): RecordedOutcome {
  const { host, step, number, actions } = of;
  return {
    type: 'outcome',
    at,
    host,
    step,
    number,
    summary: of.change.summary,
    actions,
    ...(code === undefined ? {} : { error: { code, message: `it is ${code}` } }),
    ...(output === undefined ? {} : { output: { status: 0, stdout: output, stderr: '' } }),
  };
}

/** Intent and outcome of each action of a change, in order. */
export function effects(of: Change, more: Partial<Intent> = {}, code?: ErrorCode): readonly JournalRecord[] {
  return of.actions.flatMap((_, index) => {
    const begun = intent(of, { ...more, actions: [index] });
    return [begun, outcome(begun, index === of.actions.length - 1 ? code : undefined)];
  });
}

export function ended(status: HostStatus, more: Partial<Extract<JournalRecord, { type: 'host' }>> = {}): JournalRecord {
  return { type: 'host', at, host: 'web-1', status, owed: [], ...more };
}

export const end = (status: HostStatus): JournalRecord => ({ type: 'end', at, status });

export function journalText(records: readonly JournalRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
