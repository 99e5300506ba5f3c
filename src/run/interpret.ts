import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../errors.ts';
import type { Action, Change, FetchAction, UploadAction, WaitUntilAction } from '../operations/change.ts';
import type { StepOutput } from '../operations/operation.ts';
import type { Connection } from '../transport/transport.ts';
import { oneLine } from '../values/terminal.ts';
import type { ScriptAction } from './compile.ts';
import { compile, failedStatus, failureOf, isScriptAction } from './compile.ts';
import type { Laptop } from './laptop.ts';
import { commandOf } from './shown.ts';

/** What an effect needs: the host, the laptop, and where output goes. */
export interface Interpreter {
  readonly connection: Connection;
  readonly laptop: Laptop;
  readonly onOutput: (stream: 'stdout' | 'stderr', text: string) => void;
  /** Stops before the next effect, never in the middle of an atomic one. */
  readonly signal: AbortSignal;
  /** Written and on the disk before the effect; `undefined` error: it succeeded. */
  readonly journal: { intent(actions: readonly number[]): Promise<void>; outcome(actions: readonly number[], error?: string): Promise<void> };
}

/**
 * Carries out one change: the only place where anything on a host is changed. An atomic change is one
 * script; otherwise each action is journalled and run on its own.
 * Returns what the last program printed. Errors: `action-failed` and those of the connection.
 */
export async function applyChange(interpreter: Interpreter, change: Change): Promise<StepOutput | undefined> {
  const groups = change.atomic ? [change.actions.map((_, index) => index)] : change.actions.map((_, index) => [index]);
  let output: StepOutput | undefined;
  for (const group of groups) {
    interpreter.signal.throwIfAborted();
    await interpreter.journal.intent(group);
    const actions = group.flatMap((index) => change.actions[index] ?? []);
    try {
      output = (await execute(interpreter, actions, change.atomic)) ?? output;
    } catch (thrown) {
      await interpreter.journal.outcome(group, thrown instanceof Error ? thrown.message : String(thrown));
      throw thrown;
    }
    await interpreter.journal.outcome(group);
  }
  return output;
}

async function execute(interpreter: Interpreter, actions: readonly Action[], atomic: boolean): Promise<StepOutput | undefined> {
  if (actions.every(isScriptAction)) return runScript(interpreter, actions, atomic);
  const [action, ...more] = actions;
  if (action === undefined || more.length > 0 || isScriptAction(action)) throw new Error('an atomic change can only be made of commands, checks and small files');
  switch (action.kind) {
    case 'upload':
      return upload(interpreter, action);
    case 'fetch':
      return fetchFile(interpreter, action);
    case 'wait-until':
      return waitUntil(interpreter, action);
    case 'pause':
      await wait(action.seconds * 1000, undefined, { signal: interpreter.signal });
      return undefined;
  }
}

async function runScript(interpreter: Interpreter, actions: readonly ScriptAction[], atomic: boolean): Promise<StepOutput> {
  const command = compile(actions, !atomic);
  // An atomic script is let finish: ending it half way is what atomic excludes.
  const signal = atomic ? {} : { signal: interpreter.signal };
  const outcome = await interpreter.connection.run(command, { ...signal, onOutput: interpreter.onOutput });
  // Only the status decides: what a program prints could look like anything.
  const success = atomic ? [0] : actions.flatMap((action) => (action.kind === 'exec' ? (action.success ?? [0]) : [0]));
  if (success.includes(outcome.status)) return { status: outcome.status, stdout: outcome.stdout, stderr: outcome.stderr };
  const failure = outcome.status === failedStatus(actions) ? failureOf(outcome.stderr) : undefined;
  const [action] = actions.slice(failure?.index ?? 0);
  if (failure === undefined || action === undefined) throw failed('the script', `exit status ${String(outcome.status)}: ${outcome.stderr}`);
  const why = [failure.reason, oneLine(failure.printed, 300)].filter((part) => part !== '').join(': ');
  throw failed(commandOf(action), why, actions.length > 1 ? failure.index + 1 : undefined);
}

function failed(what: string, why: string, number?: number): AppError {
  const which = number === undefined ? '' : ` (action ${String(number)} of the change)`;
  return new AppError('action-failed', `${oneLine(what, 300)}${which}: ${oneLine(why)}`, { hint: 'nothing after it was done; run the same again to see what is left, or -v for its whole output' });
}

/** `$1` path, `$2` mode, `$3` owner or empty, `$4` digest. Standard input is the content. */
const uploadScript = `set -f; trap '' HUP PIPE
directory=$(dirname -- "$1"); part=$directory/.plimsoll-part.$$
trap 'rm -f -- "$part"' EXIT
cat > "$part" || exit 1
[ "$(sha256sum < "$part" | cut -d' ' -f1)" = "$4" ] || { echo "the upload did not arrive whole" >&2; exit 1; }
chmod "$2" "$part" || exit 1
[ -z "$3" ] || chown "$3" "$part" || exit 1
sync "$part" || exit 1
mv -f -- "$part" "$1" && sync "$directory"`;

async function upload({ connection, laptop, signal }: Interpreter, action: UploadAction): Promise<StepOutput> {
  const command = { script: uploadScript, args: [action.path, action.mode, action.owner ?? '', action.sha256], timeoutMs: transferTime(action.bytes) };
  const outcome = await connection.stream(command, { input: laptop.read(action.from) }, { signal });
  if (outcome.status !== 0) throw failed(commandOf(action), outcome.stderr);
  return outcome;
}

async function fetchFile({ connection, laptop, signal }: Interpreter, action: FetchAction): Promise<StepOutput> {
  const target = await laptop.write(action.to);
  try {
    const outcome = await connection.stream({ script: 'cat < "$1"', args: [action.path], timeoutMs: transferTime(action.bytes) }, { output: target.output }, { signal });
    if (outcome.status !== 0) throw failed(commandOf(action), outcome.stderr);
    const { sha256 } = await laptop.describe(target.temporary);
    if (sha256 !== action.sha256) throw failed(commandOf(action), 'what arrived is not what the plan saw');
    await target.keep();
    return outcome;
  } finally {
    await target.discard();
  }
}

/** A minute, and a second for each 100 kB: slower than that is a connection that has died. */
function transferTime(bytes: number): number {
  return 60_000 + Math.ceil(bytes / 100_000) * 1000;
}

async function waitUntil({ connection, signal }: Interpreter, action: WaitUntilAction): Promise<StepOutput> {
  const until = performance.now() + action.forSeconds * 1000;
  const wanted = action.equals === undefined ? undefined : fold(action.equals);
  for (;;) {
    const outcome = await connection.run({ script: '"$@"', args: action.argv }, { signal });
    if (outcome.status === 0 && (wanted === undefined || fold(outcome.stdout) === wanted)) return outcome;
    if (performance.now() >= until) {
      throw new AppError('timed-out', `after ${String(action.forSeconds)} seconds it is still not so that ${action.what}; last answer: ${oneLine(outcome.stdout === '' ? outcome.stderr : outcome.stdout, 200)}`, { hint: `on the host: ${commandOf(action)}` });
    }
    await wait(action.everySeconds * 1000, undefined, { signal });
  }
}

function fold(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}
