import { randomBytes } from 'node:crypto';
import pLimit from 'p-limit';
import { AppError, toAppError } from '../../errors.ts';
import type {
  Command,
  Connection,
  ConnectionInfo,
  LockAnswer,
  LockHolder,
  Outcome,
  RunOptions,
  Target,
} from '../transport.ts';
import { ioLogWarning, sudoRights } from '../privilege/io-log.ts';
import { moreExactly, ruleQuestion } from '../privilege/sudo-rule.ts';
import { PasswordWanted } from '../privilege/sudo-refusal.ts';
import type { PrivilegeWish } from '../privilege/wish.ts';
import { answerOf } from './channel-answer.ts';
import { CommandShell } from './command-shell.ts';
import { Deadline, moreTime, type Stage } from './deadline.ts';
import { stateDirectory } from './frames.ts';
import type { Heartbeat } from './host-lock.ts';
import { bootstrap, type Continuation, obtainPrivilege, type Obtained } from './privilege.ts';
import type { ShellChannel } from './shell-channel.ts';
import { type ProgramStreams, runSingleProgram } from './single-program.ts';
import { byHand } from '../../values/shell.ts';

/** What carries shells to a host: an SSH connection, or, for tests, child processes. */
export interface Carrier {
  readonly hostKey: string;
  readonly publicKey: string;
  readonly server: string;
  /** Starts a command line in the login shell, on a channel of its own, without a terminal. */
  openChannel(commandLine: string, deadline: Deadline, signal: AbortSignal): Promise<ShellChannel>;
  /** Resolves once the carrier is gone, with the error that ended it if there was one. */
  readonly closed: Promise<Error | undefined>;
  close(): void;
}

/** sshd allows ten sessions on a connection (MaxSessions). With the command shell these are eight. */
const streamsAtOnce = 7;

/** 128 random bits: nothing that a host prints can look like one of our markers by chance or by guess. */
function nonce(): string {
  return randomBytes(16).toString('hex');
}

/**
 * Opens the privileged shell of a connection, in what is left of its time. The carrier is closed when that fails; a
 * shell that has not answered when the time is over is lost. `heartbeat` is for tests.
 */
export async function openShellConnection(
  carrier: Carrier,
  target: Target,
  deadline: Deadline,
  signal: AbortSignal,
  heartbeat?: Heartbeat,
): Promise<Connection> {
  try {
    const { channel, runsAs, isLogged } = await openPrivileged(carrier, target, 'command-shell', deadline, signal);
    const connection = new ShellConnection(
      carrier,
      target,
      { channel, heartbeat },
      { hostKey: carrier.hostKey, publicKey: carrier.publicKey, server: carrier.server, runsAs },
    );
    // What is asked first travels with the frame that answers: one round trip less for each host.
    deadline.wait(silence(target.name), connection.ready, signal).catch((error: unknown) => {
      connection.lose(toAppError(error));
    });
    if (isLogged) await connection.tellOfLog(deadline, signal);
    return connection;
  } catch (error) {
    carrier.close();
    throw error;
  }
}

async function openPrivileged(
  carrier: Carrier,
  target: Target,
  then: Continuation,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<Obtained & { readonly channel: ShellChannel }> {
  const { name: host, user, become, becomeUser, becomePassword } = target;
  const wish: PrivilegeWish = {
    host,
    user,
    become,
    becomeUser,
    ...(becomePassword === undefined ? {} : { becomePassword }),
  };
  const nonces = { ready: nonce(), prompt: nonce() };
  const channel = await carrier.openChannel(bootstrap(wish, then, nonces), deadline, signal);
  try {
    return { channel, ...(await obtainPrivilege(channel, wish, nonces, deadline, signal)) };
  } catch (error) {
    if (!(error instanceof PasswordWanted)) throw error;
    const { ready } = nonces;
    const asked = await carrier.openChannel(ruleQuestion(wish, ready), deadline, signal);
    throw moreExactly(wish, error, await answerOf(host, asked, deadline, signal), ready);
  }
}

function silence(host: string): Stage {
  return {
    failed: () => 'its shell was started, but did not answer',
    hint: () => moreTime(`Look at what ${byHand('ssh', host, '/bin/sh')} does`),
  };
}

interface Opened {
  readonly channel: ShellChannel;
  readonly heartbeat: Heartbeat | undefined;
}

class ShellConnection implements Connection {
  info: ConnectionInfo;
  readonly closed: Promise<Error | undefined>;
  readonly #carrier: Carrier;
  readonly #target: Target;
  readonly #stateDirectory: string;
  readonly #shell: CommandShell;
  readonly #streams = pLimit(streamsAtOnce);
  #closing = false;

  constructor(carrier: Carrier, target: Target, { channel, heartbeat }: Opened, info: ConnectionInfo) {
    this.info = info;
    this.#carrier = carrier;
    this.#target = target;
    this.#stateDirectory = stateDirectory(info.runsAs, target.stateDirectory);
    this.#shell = new CommandShell(channel, {
      host: target.name,
      nonce: nonce(),
      commandTimeoutMs: target.commandTimeoutMs,
      stateDirectory: this.#stateDirectory,
      ...(heartbeat === undefined ? {} : { heartbeat }),
    });
    this.closed = carrier.closed.then((cause) => this.#onClosed(cause));
    // Without its shell the connection is of no use.
    void channel.ended.then(() => {
      carrier.close();
    });
  }

  get ready(): Promise<undefined> {
    return this.#shell.ready;
  }

  lose(error: AppError): void {
    this.#shell.lose(error);
  }

  /** sudo keeps a copy of what goes to and fro: of what, and where, root is told. */
  async tellOfLog(deadline: Deadline, signal: AbortSignal): Promise<void> {
    const { name, user } = this.#target;
    const asked = this.run({ script: sudoRights, args: [user], maxOutputBytes: 64 * 1024 });
    const { stdout } = await deadline.wait(
      {
        failed: () => 'sudo did not say what it keeps of a session',
        hint: () => moreTime(`Look at what ${byHand('sudo', '-l', '-U', user)} does on ${name}`),
      },
      asked,
      signal,
    );
    const warning = ioLogWarning(user, stdout);
    if (warning !== undefined) this.info = { ...this.info, warnings: [warning] };
  }

  run(command: Command, options?: RunOptions): Promise<Outcome> {
    return this.#shell.run(command, options);
  }

  stream(command: Command, io: ProgramStreams, options: RunOptions = {}): Promise<Outcome> {
    // They may fail before the channel is open. Whoever uses them is told then; an error that nobody hears would end the program.
    for (const stream of [io.input, io.output]) stream?.on('error', () => undefined);
    return this.#streams(async () => {
      const { name: host, commandTimeoutMs, connectTimeoutMs } = this.#target;
      const signal = options.signal ?? new AbortController().signal;
      const { channel } = await openPrivileged(
        this.#carrier,
        this.#target,
        'single-program',
        new Deadline(host, connectTimeoutMs),
        signal,
      );
      const endGroup = (group: number): Promise<boolean> => this.#shell.endGroup(group);
      return await runSingleProgram(
        channel,
        command,
        io,
        {
          host,
          nonce: nonce(),
          commandTimeoutMs,
          reportMs: connectTimeoutMs,
          stateDirectory: this.#stateDirectory,
          endGroup,
        },
        options,
      );
    }).finally(() => {
      io.input?.destroy();
    });
  }

  lock(holder: LockHolder, { signal }: { readonly signal?: AbortSignal } = {}): Promise<LockAnswer> {
    return this.#shell.lock(holder, signal);
  }

  unlock(): Promise<void> {
    return this.#shell.unlock();
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#shell.lose(new AppError('connection-lost', `${this.#target.name}: the connection was closed`));
    this.#carrier.close();
    await this.closed;
  }

  #onClosed(cause: Error | undefined): Error | undefined {
    if (this.#closing) return undefined;
    const reason = cause === undefined ? 'the connection was lost' : `the connection was lost (${cause.message})`;
    const error = new AppError('connection-lost', `${this.#target.name}: ${reason}`, { cause });
    this.#shell.lose(error);
    // What it was lost by was met first.
    return this.#shell.lost ?? error;
  }
}
