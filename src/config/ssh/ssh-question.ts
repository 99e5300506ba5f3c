import type { SshValues, SshWay } from './ssh-answer.ts';

/** What `ssh [-l user] [-p port] [-o HostName=…] NAME` would do. */
export interface SshQuestion {
  readonly name: string;
  readonly user?: string;
  readonly port?: number;
  /** The address that stands in the inventory. */
  readonly hostName?: string;
  /** The file that is read instead of the user's and the system's. */
  readonly config?: string;
}

export interface SshReply {
  readonly values: SshValues;
  /** Undefined where ssh gave no answer that can be used. */
  readonly way?: SshWay;
  /** Why there is none, or why it is not to be relied on. */
  readonly failed?: string;
  readonly hint?: string;
  /** The programs that ssh ran to answer (`Match exec`). */
  readonly ran: readonly string[];
  /** `FILE line N: Applying options for PATTERN`. */
  readonly applied: readonly string[];
  readonly files: readonly string[];
}

/** What of a key is configured: what is not as it is without a configuration. */
export type Configured = <Key extends keyof SshWay>(key: Key) => SshWay[Key] | undefined;
