import type { AppError } from '../../errors.ts';
import { hostStatusOf } from '../../errors.ts';
import type { Action, Change, ExecAction } from '../../operations/engine/change.ts';
import type { StepPlan } from '../../plan/plan.ts';
import { commandLine, quote } from '../../values/shell.ts';
import type { RunEvent, ShownAction, ShownChange, ShownError } from './event.ts';

/** The exact text that runs on the host; for what is no single command, what is done. */
export function commandOf(action: Action): string {
  switch (action.kind) {
    case 'exec':
      return `${shownEnvironment(action)}${commandLine(action.argv)}`;
    case 'check':
      return `check: ${commandLine(action.argv)} prints ${action.equals}`;
    case 'write-file':
      return `write ${action.path} (mode ${action.mode}): ${action.content}`;
    case 'upload':
      return `upload ${action.from}${action.host === undefined ? '' : ` of ${action.host}`} to ${action.path} (mode ${action.mode}, ${String(action.bytes)} bytes)`;
    case 'fetch':
      return `fetch ${action.path} to ${action.to}${action.host === undefined ? '' : ` of ${action.host}`}${action.bytes === undefined ? '' : ` (${String(action.bytes)} bytes)`}`;
    case 'wait-until':
      return `wait until ${action.what}: ${commandLine(action.argv)}`;
    case 'relay':
      return `on ${action.host}: ${action.what}`;
    case 'seal':
      return `seal ${action.name}: ${action.to}${action.laptop === true ? ' on this machine' : action.host === undefined ? '' : ` of ${action.host}`}`;
    case 'pause':
      return `wait ${String(action.seconds)} seconds`;
  }
}

/** What a command has in its environment, as it is written before it; secrets as what they are. */
export function shownEnvironment({ env = {} }: ExecAction): string {
  return Object.entries(env)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? quote(value) : '***'} `)
    .join('');
}

function show(action: Action): ShownAction {
  return { ...action, command: commandOf(action) };
}

export function showChange(change: Change): ShownChange {
  return {
    summary: change.summary,
    before: change.before,
    after: change.after,
    ...(change.downtime === undefined ? {} : { downtime: change.downtime }),
    ...(change.lapse === 'may' ? { lapse: change.lapse } : {}),
    actions: change.actions.map(show),
    undo: change.undo === 'irreversible' ? 'irreversible' : change.undo.map(show),
  };
}

export function showError(error: AppError): ShownError {
  return { code: error.code, message: error.message, hint: error.hint ?? '' };
}

export function plannedEvent(host: string, { step, operation, planned }: StepPlan): RunEvent {
  const { warnings, owed } = planned;
  const changes =
    planned.outcome === 'change' ? planned.changes : planned.outcome === 'maybe' ? planned.provisional : [];
  return {
    type: 'step.planned',
    host,
    step,
    operation,
    outcome: planned.outcome,
    changes: changes.map(showChange),
    ...(planned.outcome === 'change' ? {} : { reason: planned.reason }),
    ...(planned.outcome === 'refused' ? { remedy: planned.remedy } : {}),
    ...(planned.outcome === 'maybe' ? { dependsOn: planned.dependsOn } : {}),
    ...(warnings === undefined ? {} : { warnings }),
    ...(owed === undefined ? {} : { owed }),
  };
}

export function finishedEvent(
  host: string,
  error: AppError | undefined,
  ended: { readonly changed: boolean; readonly step?: string | undefined; readonly owed: readonly string[] },
): Extract<RunEvent, { type: 'host.finished' }> {
  return {
    type: 'host.finished',
    host,
    status: error === undefined ? (ended.changed ? 'changed' : 'ok') : hostStatusOf(error.code),
    ...(error === undefined ? {} : { error: showError(error) }),
    ...(ended.owed.length === 0 ? {} : { owed: ended.owed }),
    ...(ended.step === undefined ? {} : { step: ended.step }),
  };
}
