import { constants } from 'node:os';
import type { Client, ClientChannel } from 'ssh2';
import { AppError } from '../../errors.ts';
import type { ChannelEnd, ShellChannel } from '../shell/shell-channel.ts';

/** Starts a command on a channel of its own, without a terminal. */
export function openExecChannel(client: Client, closed: Promise<Error | undefined>, command: string, host: string): Promise<ShellChannel> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error | undefined): void => {
      reject(new AppError('connection-lost', `${host}: a channel could not be opened${error === undefined ? '' : `: ${error.message}`}`, { cause: error }));
    };
    // A connection that breaks before the server answers may never call back.
    void closed.then(fail);
    try {
      client.exec(command, (error, channel) => {
        if (error === undefined) resolve(shellChannel(channel));
        else fail(error);
      });
    } catch (error) {
      fail(error instanceof Error ? error : undefined);
    }
  });
}

function shellChannel(channel: ClientChannel): ShellChannel {
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    ended: channelEnd(channel),
    destroy: () => {
      // What still arrives has to be read, or the close of the channel is never seen.
      channel.resume();
      channel.stderr.resume();
      channel.close();
    },
  };
}

/** After a lost connection the channel closes without a status and without an error. */
function channelEnd(channel: ClientChannel): Promise<ChannelEnd> {
  channel.on('error', () => undefined);
  return new Promise((resolve) => {
    channel.on('close', (code: unknown, signal: unknown) => {
      if (typeof code === 'number') resolve({ status: code });
      else resolve({ status: typeof signal === 'string' ? signalStatus(signal) : undefined });
    });
  });
}

/** As a shell reports a program that a signal ended. SSH gives only the signal's name. */
function signalStatus(name: string): number {
  const number = Object.entries(constants.signals).find(([known]) => known === name || known === `SIG${name}`)?.[1];
  return 128 + (number ?? 0);
}
