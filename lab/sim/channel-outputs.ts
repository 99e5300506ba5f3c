import { Writable } from 'node:stream';
import type { ServerChannel } from 'ssh2';

/** Where a session's program writes. Both end with the channel. */
export interface ChannelOutputs {
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/**
 * Standard output and error of a session of ssh2's server, written one chunk at a time.
 * A channel of ssh2 has one window for both, and when it is used up keeps what waits of either but sends on only that
 * of standard output, and keeps it still when it has been sent: so of two that wait one is lost for ever, and of two
 * that wait one after the other the first is sent twice (CHANNEL_WINDOW_ADJUST in ssh2's lib/server.js).
 */
export function channelOutputs(channel: ServerChannel): ChannelOutputs {
  let last = Promise.resolve();
  const inTurn = (stream: Writable): Writable => {
    const write = (chunk: Buffer): Promise<void> =>
      new Promise((resolve) => {
        Object.assign(channel, {
          _chunk: undefined,
          _chunkcb: undefined,
          _chunkErr: undefined,
          _chunkcbErr: undefined,
        });
        stream.write(chunk, () => {
          resolve();
        });
      });
    return new Writable({
      write: (chunk: Buffer, _encoding, callback) => {
        last = last.then(() => write(chunk));
        void last.then(() => {
          callback();
        });
      },
    });
  };
  const outputs = { stdout: inTurn(channel), stderr: inTurn(channel.stderr) };
  channel.once('close', () => {
    outputs.stdout.destroy();
    outputs.stderr.destroy();
  });
  return outputs;
}
