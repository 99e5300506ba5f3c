import pLimit from 'p-limit';
import type { HostStatus } from '../../errors.ts';
import { AppError, hostStatusOf, neverReached, toAppError } from '../../errors.ts';
import type { Command, ConnectionInfo, Outcome, Target, Transport } from '../../transport/transport.ts';

export interface AskRequest {
  readonly targets: readonly Target[];
  readonly transport: Transport;
  readonly forks: number;
  readonly command: Command;
  readonly signal: AbortSignal;
  /** Told after each host. */
  readonly answered: (answer: Answer) => void;
}

/** What one host has answered, or why it has not. A command that ended with another status than 0 has failed. */
export interface Answer {
  readonly host: string;
  readonly status: HostStatus;
  readonly error?: AppError;
  readonly reply?: Reply;
}

export interface Reply {
  readonly info: ConnectionInfo;
  readonly outcome: Outcome;
  readonly milliseconds: number;
}

/**
 * One command on all hosts, each over one connection; what becomes of one does not matter to the others. In the order of
 * the hosts. Nothing is recorded, and a command whose connection was lost is not run a second time.
 */
export async function askHosts(request: AskRequest): Promise<readonly Answer[]> {
  const forks = pLimit(request.forks);
  return await Promise.all(
    request.targets.map((target) =>
      forks(async () => {
        const answer = await askHost(request, target);
        request.answered(answer);
        return answer;
      }),
    ),
  );
}

async function askHost({ transport, command, signal }: AskRequest, target: Target): Promise<Answer> {
  const started = performance.now();
  const host = target.name;
  let isReached = false;
  try {
    const connection = await transport.connect(target, signal);
    try {
      await connection.ready;
      isReached = true;
      const outcome = await connection.run(command, { signal });
      const milliseconds = Math.round(performance.now() - started);
      const status = outcome.status === 0 ? 'ok' : 'failed';
      return { host, status, reply: { info: connection.info, outcome, milliseconds } };
    } finally {
      await connection.close();
    }
  } catch (thrown) {
    const error = toAppError(thrown);
    if (error.code === 'internal') throw error;
    const told = asTold(error, isReached && command.repeatable !== true);
    return { host, status: hostStatusOf(told.code), error: told };
  }
}

/** There is no run that could be gone on with, as other errors say, and what only reads has lost nothing with its connection. */
function asTold(error: AppError, mayHaveRun: boolean): AppError {
  if (error.code === 'interrupted') return new AppError('interrupted', error.message, { cause: error });
  if (error.code !== 'connection-lost' || !mayHaveRun) return neverReached(error);
  return new AppError('connection-lost', error.message, {
    cause: error,
    hint: 'whether the command has come to its end is not known: look at the host before you run it again',
  });
}
