import { toAppError } from '../../errors.ts';
import type { Crossing } from '../../facts/crossing.ts';
import { crossing, publicKey, ticket as ticketWord } from '../../facts/crossing.ts';
import type { RelayAction } from '../../operations/engine/change.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import type { Command, Connection } from '../../transport/transport.ts';
import { oneLine } from '../../values/terminal.ts';
import { commandOf } from '../report/shown.ts';
import { failed } from './ended.ts';
import type { Interpreter } from './interpreter.ts';

/** What is passed on from one host to another is this small. */
const mostRelayedBytes = 4096;
/** Nobody waits for what is cleared away longer than this. */
const clearingMs = 30_000;

export async function relay({ link, lock, signal, onOutput }: Interpreter, action: RelayAction): Promise<StepOutput> {
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
export async function relayEnd({ link, onOutput }: Interpreter, { host, what, atEnd }: RelayAction): Promise<void> {
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
