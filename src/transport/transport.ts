import type { Readable, Writable } from 'node:stream';
import { AppError } from '../errors.ts';
import type { Secret } from '../values/secret.ts';

/** How to become root on the host. `none`: the login user's own rights (enough when that is root). */
export type Become = 'none' | BecomeMethod;
export type BecomeMethod = 'sudo' | 'doas' | 'su';

/** A peer that leaves this many messages in a row unanswered is taken for dead. */
export interface Keepalive {
  readonly intervalMs: number;
  readonly count: number;
}

/** Everything a transport needs to reach one host. Secrets are values that print as `***`. */
export interface Target {
  /** The name in the inventory: what messages call the host. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Private key files, tried in this order. */
  readonly identityFiles: readonly string[];
  readonly identityPassphrase?: Secret;
  readonly password?: Secret;
  /** Whether keys of the running ssh-agent may be offered. */
  readonly agent: boolean;
  /** The socket of another agent than the one that runs for everything. */
  readonly agentSocket?: string;
  /** Of the agent's keys only those whose files are named. */
  readonly identitiesOnly?: boolean;
  readonly knownHostsFiles: readonly string[];
  /** What its host keys are known by, instead of address and port. */
  readonly hostKeyAlias?: string;
  /** Whether names are hashed in lines for known_hosts. */
  readonly hashKnownHosts?: boolean;
  readonly keepalive?: Keepalive;
  /** Why it cannot be reached as the operator's ssh would reach it: it is not connected to. */
  readonly unserved?: { readonly message: string; readonly hint: string };
  readonly become: Become;
  /** By what a step becomes root that says `become: true` where `become` is none; sudo when absent. */
  readonly becomeMethod?: BecomeMethod;
  readonly becomePassword?: Secret;
  readonly becomeUser: string;
  /** Secret variables of the host, by where they come from (`secretKey`): what it says is kept free of them too. */
  readonly secretVars?: ReadonlyMap<string, Secret>;
  /** From the first packet to the ready shell, and again for each channel that is opened later. */
  readonly connectTimeoutMs: number;
  /** For a command that names no time-out of its own. */
  readonly commandTimeoutMs: number;
  /**
   * Where plimsoll keeps its lock and what it has started on the host: `/var/lib/plimsoll`. Whoever is
   * not root there uses `${XDG_STATE_HOME:-~/.local/state}/plimsoll` instead.
   */
  readonly stateDirectory: string;
  /** Another target that the connection goes through. */
  readonly jump?: Target;
}

/**
 * One program for the privileged shell. `script` is static POSIX sh text; values reach it only as
 * positional parameters (`$1`…), so nothing that comes from a host or a playbook is ever parsed as
 * shell. It runs with `LC_ALL=C`, `umask 077`, a PATH that begins with the system's
 * directories, standard input from `stdin` (empty when absent), in a process group of its own.
 */
export interface Command {
  readonly script: string;
  readonly args?: readonly string[];
  /** Text for the command's standard input; it reaches no argument list and no environment. */
  readonly stdin?: string;
  readonly timeoutMs?: number;
  /**
   * It only reads, so that running it a second time does no harm. Such commands of one flight share a
   * process group, which is cheaper for the host; when one of them has to be ended, the others are run again.
   */
  readonly repeatable?: boolean;
  /**
   * Runs in a copy of the privileged shell itself, which has the host's lock, instead of in a shell and a process group of
   * its own: two processes less for the host. For a script of plimsoll's own that ends soon, or waits with `wait`: after so
   * many milliseconds, and each second from then on, it is sent USR1, by which it has waited long enough.
   */
  readonly forked?: { readonly enoughMs: number };
  /** How many bytes of each stream are kept, from its start. The rest is read and dropped. */
  readonly maxOutputBytes?: number;
  /**
   * What its standard output is. `text`, when absent: secrets of the host are taken out of it. `data`: it is
   * parsed, so it comes as it is, or, where it holds a secret, not at all (`refused`). `piece`: behind a head of
   * this closed form, which comes as it is, a piece of a longer text, and standard error is another one; the
   * outcome says where they may be cut.
   */
  readonly prints?: 'text' | 'data' | { readonly piece: RegExp };
}

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Bytes beyond `maxOutputBytes` that were read and thrown away, both streams together. */
  readonly droppedBytes: number;
  /** Of a piece of a longer text: how many bytes of each stream are kept, before anything was taken out of them. */
  readonly bytes?: { readonly stdout: number; readonly stderr: number };
  /** Of a piece of a longer text, without its head. */
  readonly cuts?: { readonly stdout: Cut; readonly stderr: Cut };
}

/**
 * Where a piece ends that is to be shown now, the rest being asked for again: so many characters of it, which
 * came as so many bytes, or so many bytes before its end. Empty where that cannot be said.
 */
export interface Cut {
  readonly characters?: number;
  readonly bytes?: number;
  readonly left?: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Called with whole lines as they arrive (the last one possibly without its line feed). */
  readonly onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

export const defaultMaxOutputBytes = 4 * 1024 * 1024;

/** Who has a host, for whoever else wants it: written into the lock file. */
export interface LockHolder {
  /** The run's id. */
  readonly run: string;
  /** `user@machine` of the laptop. */
  readonly by: string;
  /** What is being done: `apply playbooks/grow.yaml`. */
  readonly reason: string;
  /** ISO 8601. */
  readonly since: string;
}

/** `holder` is absent when the lock file says nothing that can be read. */
export type LockAnswer = { readonly held: true } | { readonly held: false; readonly holder?: LockHolder };

/** The host's shell has ended by itself, over a connection that was whole: a `connection-lost` of the host's own doing. */
export class ShellEnded extends AppError {
  constructor(message: string, hint?: string) {
    super('connection-lost', message, hint === undefined ? {} : { hint });
    this.name = 'ShellEnded';
  }
}

/** What `ping` and the plan show about a connection. */
export interface ConnectionInfo {
  /** `SHA256:…` of the host key that was accepted. */
  readonly hostKey: string;
  /** The key itself, `TYPE BASE64`; empty where there is none. */
  readonly publicKey: string;
  /** The server's software version string. */
  readonly server: string;
  /** The user that commands run as: `root`, normally. */
  readonly runsAs: string;
  /** What the operator should know of the connection before it is used. */
  readonly warnings?: readonly string[];
}

/**
 * One connection to one host, with one privileged shell on it.
 *
 * Contract, held by `test/transport/conformance.ts` for every implementation:
 * - `run` calls made in one turn of the event loop travel together and are executed in order; their
 *   answers come back in order. A command's exit status never influences the next one.
 * - A command that has not arrived whole is not executed.
 * - `run` resolves for every exit status. It rejects with an AppError: `timed-out` (the command's
 *   process group has been ended, or the message says that it could not be), `interrupted` (the
 *   signal; likewise ended), `connection-lost` (nothing is known about the outcome).
 * - Commands after a rejected one still run, unless the connection was lost.
 * - Output is decoded as UTF-8 across chunk borders, and bounded.
 * - The target's secrets are in nothing that comes back as text, in no form of `redaction/forms.ts`, errors included.
 * - Every command finds the state directory in `$PLIMSOLL_STATE` (it need not exist before `lock`).
 * - A lock that is held is inherited by every command (descriptor 9): it is free once `unlock` has
 *   been called, or the shell has ended, and everything that was started meanwhile has ended. Streams,
 *   which are no children of the shell, do not keep it.
 *   While it is held the laptop sends a heartbeat; without one for a minute the shell is ended, and
 *   what it has started goes on to its end. Heartbeats travel in order with the commands, so input
 *   that could take that long to arrive belongs into a stream.
 */
export interface Connection {
  readonly info: ConnectionInfo;
  /**
   * Resolves once the host has executed what it was sent; rejects as soon as it cannot any more, with `unreachable` when
   * its time to connect is over. Commands need not wait for it, and travel a round trip earlier when they do not.
   */
  readonly ready: Promise<undefined>;
  run(command: Command, options?: RunOptions): Promise<Outcome>;
  /**
   * The same on a channel of its own, for bulk data: `input` is piped to standard input and ended,
   * standard output goes to `output` with back-pressure (and is then empty in the outcome).
   */
  stream(
    command: Command,
    io: { readonly input?: Readable; readonly output?: Writable },
    options?: RunOptions,
  ): Promise<Outcome>;
  /**
   * Tries once to take the host's lock, also while commands run; makes the state directory. Rejects
   * with `missing-tool` (no flock), `refused` (the directory cannot be written, or others can), or what
   * `run` rejects with; after `timed-out` the connection is given up. One request at a time.
   */
  lock(holder: LockHolder, options?: { readonly signal?: AbortSignal }): Promise<LockAnswer>;
  /** Resolves once the shell itself has let go of the lock, or is gone. Nothing happens when it is not held. */
  unlock(): Promise<void>;
  /** Resolves once the connection is gone; with an error unless `close` ended it. */
  readonly closed: Promise<Error | undefined>;
  close(): Promise<void>;
}

/** How hosts are reached. `connect` rejects with an AppError whose code says what went wrong. */
export interface Transport {
  connect(target: Target, signal: AbortSignal): Promise<Connection>;
  /** Ends what connections share (bastions, agents). */
  close(): Promise<void>;
}
