import { pipeline } from 'node:stream/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { AppError, toAppError } from '../../errors.ts';
import type { Crossing } from '../../facts/crossing.ts';
import { crossing, publicKey, ticket as ticketWord } from '../../facts/crossing.ts';
import type {
  Action,
  Change,
  FetchAction,
  RelayAction,
  UploadAction,
  WaitUntilAction,
} from '../../operations/engine/change.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import type { Command, Connection } from '../../transport/transport.ts';
import { formatBytes } from '../../values/size.ts';
import { oneLine } from '../../values/terminal.ts';
import type { ScriptAction } from './compile.ts';
import { compile, failedStatus, failureOf, isScriptAction } from './compile.ts';
import type { Ending } from './follow.ts';
import { feedOf } from './feed.ts';
import { carryOutWork, LeftOnHost } from './follow.ts';
import type { Interpreter } from './interpreter.ts';
import type { Link } from '../reach/link.ts';
import { sealBackup } from './seal.ts';
import { commandOf } from '../report/shown.ts';
import type { Expected } from './transfer.ts';
import { AtMost, HostEnd, LaptopEnd, transfer, transferTime } from './transfer.ts';
import type { Work } from './work.ts';
import { startWork } from './work.ts';
import { shell } from '../../shell/shell.ts';

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

async function execute(
  interpreter: Interpreter,
  actions: readonly Action[],
  atomic: boolean,
  work: Work,
  intent: string,
): Promise<StepOutput | undefined> {
  if (actions.every(isScriptAction)) {
    const { link, lock, onOutput, signal, detach } = interpreter;
    const {
      script,
      secrets,
      timeoutMs = interpreter.stepTimeoutMs ?? link.commandTimeoutMs,
    } = compile(actions, !atomic);
    const ending = await carryOutWork(
      { link, work, lock, onOutput, mayEnd: !atomic, stop: signal, detach, timeoutMs },
      startWork(
        work,
        intent,
        script,
        feedOf(secrets, (reference) => link.secret(reference)),
      ),
    );
    return outputOf(ending, actions, atomic, timeoutMs);
  }
  const [action, ...more] = actions;
  if (action === undefined || more.length > 0 || isScriptAction(action))
    throw new Error('an atomic change can only be made of commands, checks and small files');
  switch (action.kind) {
    case 'upload':
      return interpreter.link.again((connection) => upload(interpreter, connection, action), interpreter.signal);
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
  const success = atomic ? [0] : actions.flatMap((action) => (action.kind === 'exec' ? (action.success ?? [0]) : [0]));
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
  const failure = output.status === failedStatus(actions) ? failureOf(output.stderr) : undefined;
  const [action] = actions.slice(failure?.index ?? 0);
  if (failure === undefined || action === undefined)
    throw failed('the script', `exit status ${String(output.status)}: ${output.stderr}`);
  const why = [failure.reason, oneLine(failure.printed, 300)].filter((part) => part !== '').join(': ');
  throw failed(commandOf(action), why, actions.length > 1 ? failure.index + 1 : undefined);
}

function failed(what: string, why: string, number?: number): AppError {
  const which = number === undefined ? '' : ` (action ${String(number)} of the change)`;
  return new AppError('action-failed', `${oneLine(what, 300)}${which}: ${oneLine(why)}`, {
    hint: 'nothing after it was done; run the same again to see what is left, or -v for its whole output',
  });
}

/** Standard input is the content. */
export const uploadScript = shell('run/work/write-upload.sh');

async function upload(interpreter: Interpreter, connection: Connection, action: UploadAction): Promise<StepOutput> {
  const { lock, laptop, signal } = interpreter;
  await lock();
  if (action.host !== undefined || action.resumes === true) return bring(interpreter, connection, action);
  const command = {
    script: uploadScript,
    args: [action.path, action.mode, action.owner ?? '', action.sha256],
    timeoutMs: transferTime(action.bytes),
  };
  const outcome = await connection.stream(command, { input: laptop.read(action.from) }, { signal });
  if (outcome.status !== 0) throw failed(commandOf(action), outcome.stderr);
  return outcome;
}

async function fetchFile(interpreter: Interpreter, connection: Connection, action: FetchAction): Promise<StepOutput> {
  const { laptop, signal } = interpreter;
  const expected = await describedAs(interpreter, connection, action);
  if (action.host !== undefined || action.resumes === true) return take(interpreter, connection, action, expected);
  const target = await laptop.write(action.to, expected.bytes);
  const limit = new AtMost(0, expected.bytes);
  try {
    const written = pipeline(limit, target.output);
    written.catch(() => undefined);
    const outcome = await connection.stream(
      { script: 'cat < "$1"', args: [action.path], timeoutMs: transferTime(expected.bytes) },
      { output: limit },
      { signal },
    );
    if (outcome.status !== 0) throw failed(commandOf(action), outcome.stderr);
    await written;
    if ((await target.digest()) !== expected.sha256)
      throw failed(commandOf(action), 'what arrived is not what the plan saw');
    await target.keep();
  } catch (thrown) {
    throw limit.exceeded ?? thrown;
  } finally {
    limit.destroy();
    await target.discard();
  }
  for (const file of action.supersedes ?? []) await laptop.remove(file);
  return nothingPrinted;
}

const nothingPrinted: StepOutput = { status: 0, stdout: '', stderr: '' };

/** What is to be fetched, as the plan has it, or as it is known only now. */
async function describedAs(
  { signal, link }: Interpreter,
  connection: Connection,
  action: FetchAction,
): Promise<Expected> {
  const { described, sha256, bytes, atMostBytes = Number.MAX_SAFE_INTEGER } = action;
  if (described === undefined) return { sha256: sha256 ?? '', bytes: bytes ?? 0 };
  const { status, stdout, stderr } = await connection.run(
    { script: '"$@"', args: described, repeatable: true, prints: 'data', timeoutMs: link.commandTimeoutMs },
    { signal },
  );
  const [, digest, size] = /^([0-9a-f]{64}) (\d+)\s*$/.exec(stdout) ?? [];
  if (status !== 0 || digest === undefined)
    throw failed(commandOf(action), `it is not known what is to be fetched: ${stderr === '' ? stdout : stderr}`);
  if (Number(size) > atMostBytes)
    throw failed(
      commandOf(action),
      `the host says that it has ${String(size)} bytes, and at most ${String(atMostBytes)} are taken`,
    );
  return { sha256: digest, bytes: Number(size) };
}

/** From the host to the laptop or another host. */
async function take(
  interpreter: Interpreter,
  connection: Connection,
  action: FetchAction,
  expected: Expected,
): Promise<StepOutput> {
  const { laptop, link, signal } = interpreter;
  const { path, to, host, supersedes = [] } = action;
  const origin = new HostEnd(connection, { path, mode: '0600' }, expected.bytes, signal);
  const progress = progressOf(interpreter, action, expected.bytes);
  if (host === undefined) {
    await transfer(origin, new LaptopEnd(laptop, to, expected.bytes), expected, progress);
    for (const file of supersedes) await laptop.remove(file);
    return nothingPrinted;
  }
  await ofPeer(link, host, origin, signal, async (there) => {
    await transfer(origin, new HostEnd(there, { path: to, mode: '0600' }, expected.bytes, signal), expected, progress);
    const outcome =
      supersedes.length === 0
        ? nothingPrinted
        : await there.run({ script: 'rm -f -- "$@"', args: supersedes }, { signal });
    if (outcome.status !== 0) throw failed(commandOf(action), outcome.stderr);
  });
  return nothingPrinted;
}

/** To the host, from the laptop or another host. */
async function bring(interpreter: Interpreter, connection: Connection, action: UploadAction): Promise<StepOutput> {
  const { laptop, link, signal } = interpreter;
  const { from, host, path, mode, owner } = action;
  const destination = new HostEnd(connection, { path, mode, owner }, action.bytes, signal);
  const progress = progressOf(interpreter, action, action.bytes);
  if (host === undefined) await transfer(new LaptopEnd(laptop, from, action.bytes), destination, action, progress);
  else
    await ofPeer(link, host, destination, signal, (there) =>
      transfer(new HostEnd(there, { path: from, mode }, action.bytes, signal), destination, action, progress),
    );
  return nothingPrinted;
}

/** A connection that is lost may be either of the two: the one to the other host is made again here, the host's own by whoever called. */
async function ofPeer(
  link: Link,
  host: string,
  own: HostEnd,
  signal: AbortSignal,
  work: (there: Connection) => Promise<void>,
): Promise<void> {
  const peer = await link.peer(host);
  peer.persist();
  let lost: unknown;
  await peer.again(async (there) => {
    await work(there).catch((thrown: unknown) => {
      if (!own.lost) throw thrown;
      lost = thrown;
    });
  }, signal);
  if (lost !== undefined) throw toAppError(lost);
}

/** A line for each tenth of it. */
function progressOf({ onOutput }: Interpreter, action: Action, total: number): (bytes: number) => void {
  let said = 0;
  return (bytes) => {
    const tenths = Math.floor((bytes / total) * 10);
    if (tenths <= said || bytes >= total) return;
    said = tenths;
    onOutput('stdout', `${String(tenths * 10)} % of ${formatBytes(total)}: ${oneLine(commandOf(action), 200)}\n`);
  };
}

/** What is passed on from one host to another is this small. */
const mostRelayedBytes = 4096;
/** Nobody waits for what is cleared away longer than this. */
const clearingMs = 30_000;

async function relay({ link, lock, signal, onOutput }: Interpreter, action: RelayAction): Promise<StepOutput> {
  const { script, args, input, ticket, timeoutMs } = action;
  const file =
    input === undefined
      ? undefined
      : await link.run(
          { script: 'head -c "$2" -- "$1"', args: [input, String(mostRelayedBytes)], repeatable: true, prints: 'data' },
          { signal },
        );
  if (file !== undefined && file.status !== 0)
    throw failed(commandOf(action), `${String(input)} cannot be read: ${file.stderr}`);
  const stdin =
    file === undefined ? undefined : crossing(publicKey, file.stdout, `what ${link.name} has as its public key`);
  const peer = await link.peer(action.host);
  peer.persist();
  await lock();
  const time = timeoutMs === undefined ? {} : { timeoutMs };
  const outcome = await peer.again(async (connection) => {
    const word = ticket === undefined ? [] : [await ticketOf(connection, { ...ticket, ...time }, action, signal)];
    return connection.run(
      { script, args: [...word, ...args], ...(stdin === undefined ? {} : { stdin }), ...time },
      { signal, onOutput },
    );
  }, signal);
  if (outcome.status !== 0) throw failed(commandOf(action), outcome.stderr);
  return outcome;
}

async function ticketOf(
  connection: Connection,
  command: Command,
  action: RelayAction,
  signal: AbortSignal,
): Promise<Crossing> {
  const { status, stdout, stderr } = await connection.run({ ...command, prints: 'data' }, { signal });
  if (status !== 0) throw failed(commandOf(action), stderr);
  return crossing(ticketWord, stdout, `what ${action.host} gave as a ticket`);
}

/** Also after an interruption. What cannot be done is said, and does not hide how the change has ended. */
async function relayEnd({ link, onOutput }: Interpreter, { host, what, atEnd }: RelayAction): Promise<void> {
  if (atEnd === undefined) return;
  const signal = AbortSignal.timeout(clearingMs);
  try {
    const peer = await link.peer(host);
    const { status, stderr } = await peer.again(
      (connection) => connection.run({ ...atEnd, timeoutMs: clearingMs }, { signal }),
      signal,
    );
    if (status !== 0) throw new Error(stderr);
  } catch (thrown) {
    onOutput('stderr', `on ${host} it could not be cleared away (${what}): ${oneLine(toAppError(thrown).message)}\n`);
  }
}

async function waitUntil({ link, signal }: Interpreter, action: WaitUntilAction): Promise<StepOutput> {
  const until = performance.now() + action.forSeconds * 1000;
  const wanted = action.equals === undefined ? undefined : fold(action.equals);
  for (;;) {
    const outcome = await link.run({ script: '"$@"', args: action.argv, repeatable: true, prints: 'data' }, { signal });
    if (outcome.status === 0 && (wanted === undefined || fold(outcome.stdout) === wanted)) return outcome;
    if (performance.now() >= until) {
      throw new AppError(
        'timed-out',
        `after ${String(action.forSeconds)} seconds it is still not so that ${action.what}; last answer: ${oneLine(outcome.stdout === '' ? outcome.stderr : outcome.stdout, 200)}`,
        { hint: `on the host: ${commandOf(action)}` },
      );
    }
    await wait(action.everySeconds * 1000, undefined, { signal });
  }
}

function fold(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}
