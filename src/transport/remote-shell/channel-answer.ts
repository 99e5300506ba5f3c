import type { AppError } from '../../errors.ts';
import { interruptedConnecting, whenAborted } from './abort.ts';
import { type Deadline, moreTime } from './deadline.ts';
import type { ShellChannel } from './shell-channel.ts';

/** More is no answer. */
const mostBytes = 64 * 1024;

/** What a short program on a channel of its own prints, and how it ends; nothing is sent to it. */
export function answerOf(
  host: string,
  channel: ShellChannel,
  deadline: Deadline,
  signal: AbortSignal,
): Promise<{ readonly status: number | undefined; readonly stdout: string }> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let bytes = 0;
    const fail = (error: AppError): void => {
      stop();
      channel.destroy();
      reject(error);
    };
    const stop = deadline.start(
      {
        failed: () => 'sudo did not say whether it has a rule for a shell',
        hint: () => moreTime(`Try sudo -l by hand on ${host}`),
      },
      fail,
    );
    channel.stdin.on('error', () => undefined);
    channel.stdin.end();
    channel.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= mostBytes) stdout += chunk.toString();
    });
    channel.stderr.resume();
    const forget = whenAborted(signal, () => {
      fail(interruptedConnecting(host));
    });
    void channel.ended.then(({ status }) => {
      stop();
      forget();
      resolve({ status: bytes <= mostBytes ? status : undefined, stdout });
    });
  });
}
