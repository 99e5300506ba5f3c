import { constants } from 'node:os';
import type { ClientChannel } from 'ssh2';
import { AppError } from '../../errors.ts';
import { type Deadline, moreTime } from '../remote-shell/deadline.ts';
import type { ChannelEnd, ShellChannel } from '../remote-shell/shell-channel.ts';
import type { SshClient } from './client.ts';

/** A peer that does not confirm the end of a channel is not waited for longer than this. */
const goodbyeMs = 2000;

/** Starts a command on a channel of its own, without a terminal, within the time that there is for it. */
export function openExecChannel(
  { client, closed }: SshClient,
  command: string,
  host: string,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<ShellChannel> {
  const stage = {
    failed: () =>
      'the server has let us in, but confirmed no channel, or did not answer the request to run a shell on it,',
    hint: () => moreTime(`Look at sshd's log on ${host}, and whether ssh runs a command there`),
  };
  const opening = new Promise<ShellChannel>((resolve, reject) => {
    const fail = (error: Error | undefined): void => {
      reject(
        new AppError(
          'connection-lost',
          `${host}: a channel could not be opened${error === undefined ? '' : `: ${error.message}`}`,
          { cause: error },
        ),
      );
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
  return deadline.wait(stage, opening, signal, (late) => {
    late.destroy();
  });
}

function shellChannel(channel: ClientChannel): ShellChannel {
  const end = channelEnd(channel);
  let giveUp: (end: ChannelEnd) => void = () => undefined;
  const givenUp = new Promise<ChannelEnd>((resolve) => {
    giveUp = resolve;
  });
  return {
    stdin: channel,
    stdout: channel,
    stderr: channel.stderr,
    ended: Promise.race([end, givenUp]),
    destroy: () => {
      // What still arrives has to be read, or the close of the channel is never seen.
      channel.resume();
      channel.stderr.resume();
      channel.close();
      const timer = setTimeout(() => {
        // Whoever copies from it is told that nothing more comes.
        for (const stream of [channel, channel.stderr]) stream.push(null);
        giveUp({ status: undefined });
      }, goodbyeMs);
      void end.then(() => {
        clearTimeout(timer);
      });
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
