import { setTimeout as wait } from 'node:timers/promises';
import { toAppError } from '../../errors.ts';
import type { Action, Change, RelayAction } from '../../operations/engine/change.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import { compile, isScriptAction } from './compile.ts';
import { outputOf, successOf } from './ended.ts';
import { feedOf } from './feed.ts';
import type { Ending, Following } from './follow.ts';
import { carryOutWork, LeftOnHost } from './follow.ts';
import type { Interpreter, Program } from './interpreter.ts';
import { relay, relayEnd } from './relay.ts';
import { sealBackup } from './seal.ts';
import { fetchFile, uploadFile } from './carry-file.ts';
import { waitUntil } from './wait-until.ts';
import type { Work } from './work.ts';
import { startWork } from './work.ts';

/**
 * Carries out one change: the only place where anything on a host is changed. An atomic change is one
 * script; otherwise each action is journalled and run on its own.
 * Returns what the last program printed. Errors: `action-failed`, `outcome-unknown`, LeftOnHost (its
 * intent stays open), and those of the connection.
 */
export async function applyChange(interpreter: Interpreter, change: Change): Promise<StepOutput | undefined> {
  const groups = change.atomic ? [change.actions.map((_, index) => index)] : change.actions.map((_, index) => [index]);
  const ends: RelayAction[] = [];
  let goesOn = false;
  try {
    return await applyGroups(interpreter, change, groups, ends);
  } catch (thrown) {
    goesOn = thrown instanceof LeftOnHost;
    throw thrown;
  } finally {
    if (!goesOn) for (const end of ends.reverse()) await relayEnd(interpreter, end);
  }
}

async function applyGroups(
  interpreter: Interpreter,
  change: Change,
  groups: readonly (readonly number[])[],
  ends: RelayAction[],
): Promise<StepOutput | undefined> {
  let output: StepOutput | undefined;
  for (const group of groups) {
    interpreter.signal.throwIfAborted();
    await interpreter.lock();
    const actions = group.flatMap((index) => change.actions[index] ?? []);
    const { work, text } = await interpreter.journal.intent(group, actions.every(isScriptAction));
    ends.push(...actions.filter((action) => action.kind === 'relay'));
    let printed: StepOutput | undefined;
    try {
      printed = await execute(interpreter, actions, change.atomic, work, text);
    } catch (thrown) {
      if (!(thrown instanceof LeftOnHost)) await interpreter.journal.outcome(group, { error: toAppError(thrown) });
      throw thrown;
    }
    await interpreter.journal.outcome(group, { output: printed });
    output = printed ?? output;
  }
  return output;
}

/** The way of whatever is not one of a series. */
export async function carryOutAlone(following: Following, { intent, script, secrets }: Program): Promise<Ending> {
  const { work, link } = following;
  const feed = feedOf(secrets, (reference) => link.secret(reference));
  return carryOutWork(following, startWork(work, intent, script, feed));
}

async function execute(
  interpreter: Interpreter,
  actions: readonly Action[],
  atomic: boolean,
  work: Work,
  intent: string,
): Promise<StepOutput | undefined> {
  if (actions.every(isScriptAction)) {
    const { link, lock, onOutput, onProgress, signal, detach } = interpreter;
    const {
      script,
      secrets,
      timeoutMs = interpreter.stepTimeoutMs ?? link.commandTimeoutMs,
    } = compile(actions, !atomic);
    const ending = await interpreter.carryOut(
      { link, work, lock, onOutput, onProgress, mayEnd: !atomic, stop: signal, detach, timeoutMs },
      { intent, script, secrets, success: successOf(actions, atomic) },
    );
    return outputOf(ending, actions, atomic, timeoutMs);
  }
  const [action, ...more] = actions;
  if (action === undefined || more.length > 0 || isScriptAction(action))
    throw new Error('an atomic change can only be made of commands, checks and small files');
  switch (action.kind) {
    case 'upload':
      return interpreter.link.again((connection) => uploadFile(interpreter, connection, action), interpreter.signal);
    case 'fetch':
      return interpreter.link.again((connection) => fetchFile(interpreter, connection, action), interpreter.signal);
    case 'wait-until':
      return waitUntil(interpreter, action);
    case 'relay':
      return relay(interpreter, action);
    case 'seal':
      await sealBackup(interpreter, action);
      return undefined;
    case 'pause':
      await wait(action.seconds * 1000, undefined, { signal: interpreter.signal });
      return undefined;
  }
}
