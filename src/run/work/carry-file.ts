import { pipeline } from 'node:stream/promises';
import { toAppError } from '../../errors.ts';
import type { FetchAction, UploadAction } from '../../operations/engine/change.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import { shell } from '../../shell/shell.ts';
import type { Connection } from '../../transport/transport.ts';
import type { Link } from '../reach/link.ts';
import { commandOf } from '../report/shown.ts';
import { failed } from './ended.ts';
import type { Interpreter } from './interpreter.ts';
import { Pace } from './pace.ts';
import type { Expected } from './transfers/transfer.ts';
import { AtMost, HostEnd, LaptopEnd, transfer, transferTime } from './transfers/transfer.ts';

/** Standard input is the content. */
export const uploadScript = shell('run/work/write-upload.sh');

export async function uploadFile(
  interpreter: Interpreter,
  connection: Connection,
  action: UploadAction,
): Promise<StepOutput> {
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

export async function fetchFile(
  interpreter: Interpreter,
  connection: Connection,
  action: FetchAction,
): Promise<StepOutput> {
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
  const progress = progressOf(interpreter, expected.bytes);
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
  const progress = progressOf(interpreter, action.bytes);
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

const betweenMs = 1000;

/** As often as work on a host is looked at. */
function progressOf({ onProgress }: Interpreter, total: number): (bytes: number) => void {
  const pace = new Pace(onProgress);
  let said = performance.now();
  return (bytes) => {
    const at = performance.now();
    if (at - said < betweenMs && bytes < total) return;
    said = at;
    pace.add(bytes < total ? { what: 'transferred', bytes, total } : undefined, at);
  };
}
