import { AppError } from '../../errors.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import { oneLine } from '../../values/terminal.ts';
import { commandOf } from '../report/shown.ts';
import type { ScriptAction } from './compile.ts';
import { failedStatus, failureOf, isPlain } from './compile.ts';
import type { Ending } from './follow.ts';

/** What work has come to, once it has ended: its output, or an error that says which action failed and why. */
export function outputOf(
  ending: Ending,
  actions: readonly ScriptAction[],
  atomic: boolean,
  timeoutMs: number,
): StepOutput {
  const [first] = actions;
  const what = first === undefined ? 'the script' : commandOf(first);
  if (ending.kind !== 'ended') {
    const why =
      ending.kind === 'none'
        ? 'it has never arrived on the host'
        : 'it was begun, and ended without saying how: the host has been restarted, or somebody has ended it';
    throw new AppError(ending.kind === 'none' ? 'not-started' : 'outcome-unknown', `${oneLine(what, 300)}: ${why}`, {
      hint: 'plimsoll resume looks at what is there, and goes on from it',
    });
  }
  const { output } = ending;
  // Only the status decides: what a program prints could look like anything.
  const success = successOf(actions, atomic);
  // Of a program that was told to end, a success says nothing about how much of it was done.
  if (success.includes(output.status) && (atomic || ending.stopped === undefined)) return output;
  if (ending.stopped === 'interrupted')
    throw new AppError('interrupted', `ended half way: ${oneLine(what, 300)}`, {
      hint: 'plimsoll resume begins it again',
    });
  if (ending.stopped === 'timed-out')
    throw new AppError(
      'timed-out',
      `did not end within ${String(timeoutMs / 1000)} s and was ended: ${oneLine(what, 300)}`,
    );
  // A script that has become its program has no words of its own: whatever looks like them is the program's.
  if (!atomic && first !== undefined && isPlain(first))
    throw failed(
      what,
      [`exit status ${String(output.status)}`, oneLine(output.stderr, 300)].filter(Boolean).join(': '),
    );
  const failure = output.status === failedStatus(actions) ? failureOf(output.stderr) : undefined;
  const [action] = actions.slice(failure?.index ?? 0);
  if (failure === undefined || action === undefined)
    throw failed('the script', `exit status ${String(output.status)}: ${output.stderr}`);
  const why = [failure.reason, oneLine(failure.printed, 300)].filter((part) => part !== '').join(': ');
  throw failed(commandOf(action), why, actions.length > 1 ? failure.index + 1 : undefined);
}

/** The exit statuses of its script with which work has succeeded. */
export function successOf(actions: readonly ScriptAction[], atomic: boolean): readonly number[] {
  return atomic ? [0] : actions.flatMap((action) => (action.kind === 'exec' ? (action.success ?? [0]) : [0]));
}

/** `number`: which action of a change it was, counted from 1. */
export function failed(what: string, why: string, number?: number): AppError {
  const which = number === undefined ? '' : ` (action ${String(number)} of the change)`;
  return new AppError('action-failed', `${oneLine(what, 300)}${which}: ${oneLine(why)}`, {
    hint: 'nothing after it was done; run the same again to see what is left, or -v for its whole output',
  });
}
