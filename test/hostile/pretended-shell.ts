import type { ServerChannel } from 'ssh2';

/** Says what our command line asks it to say once the rights are there, without starting anything. */
export function sayReady(channel: ServerChannel, command: string): void {
  const [, nonce = ''] = /echo ([0-9a-f]{32}) >&2/.exec(command) ?? [];
  channel.write(`${nonce} 0\n`);
  channel.stderr.write(`${nonce}\n`);
}

/** Pretends to be the shell that reads our frames; `onFrame` is given everything after it has said that it is ready, and the nonce of its markers. */
export function pretendShell(
  channel: ServerChannel,
  command: string,
  onFrame: (text: string, nonce: string) => void,
): void {
  let text = '';
  let ready: string | undefined;
  channel.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    const nonce = /\\001([0-9a-f]{32}) /.exec(text)?.[1];
    if (ready !== undefined) {
      onFrame(chunk.toString('latin1'), ready);
    } else if (nonce !== undefined && text.endsWith('}\n')) {
      ready = nonce;
      channel.write(`\x01${nonce} ready\n`);
    }
  });
  sayReady(channel, command);
}
