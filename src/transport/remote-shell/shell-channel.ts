import type { Readable, Writable } from 'node:stream';

/** How a channel ended. `status` is undefined when nothing is known: the connection was cut. */
export interface ChannelEnd {
  readonly status: number | undefined;
}

/** Both ends of a running remote shell, whatever carries it: an SSH channel or a child process. */
export interface ShellChannel {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves, never rejects, once both outputs have ended. */
  readonly ended: Promise<ChannelEnd>;
  /** Gives the channel up; what runs at the other end may go on. */
  destroy(): void;
}
