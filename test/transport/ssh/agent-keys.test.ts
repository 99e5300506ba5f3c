import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { expect, it } from 'vitest';
import { askForKeys, type HeldKey } from '../../../src/transport/ssh/agent-keys.ts';

const string = (bytes: Buffer | string): Buffer => {
  const content = Buffer.from(bytes);
  return Buffer.concat([number(content.length), content]);
};
const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const answer = (...keys: readonly (readonly [Buffer, string])[]): Buffer =>
  string(
    Buffer.concat([
      Buffer.from([12]),
      number(keys.length),
      ...keys.flatMap(([blob, comment]) => [string(blob), string(comment)]),
    ]),
  );
const plain = Buffer.from(ssh2.utils.generateKeyPairSync('ed25519').public.split(' ')[1] ?? '', 'base64');
const token = Buffer.concat([string('sk-ssh-ed25519@openssh.com'), string(Buffer.alloc(32)), string('ssh:')]);

/** What is read of an agent that answers with these pieces and then closes. */
async function asking(...pieces: readonly Buffer[]): Promise<readonly HeldKey[]> {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-agent-'));
  const socketPath = join(directory, 'agent');
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      for (const piece of pieces) socket.write(piece);
      socket.end();
    });
  }).listen(socketPath);
  await once(server, 'listening');
  const socket = connect(socketPath);
  try {
    return await askForKeys(socket);
  } finally {
    socket.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  }
}

it('tells all keys of an agent, by what they are there, those that ssh2 does not know as well', async () => {
  const whole = answer([plain, 'mine'], [token, 'a token']);
  for (const pieces of [[whole], [whole.subarray(0, 3), whole.subarray(3, 40), whole.subarray(40)]]) {
    const keys = await asking(...pieces);
    expect(keys.map(({ blob, type, comment }) => [blob, type, comment])).toEqual([
      [plain, 'ssh-ed25519', 'mine'],
      [token, 'sk-ssh-ed25519@openssh.com', 'a token'],
    ]);
    expect(keys.map(({ key }) => key?.comment)).toEqual(['mine', undefined]);
  }
  expect(await asking(answer())).toEqual([]);
});

it.each([
  ['nothing', []],
  ['a refusal', [string(Buffer.from([5]))]],
  ['more keys than it tells', [string(Buffer.concat([Buffer.from([12]), number(2), string(plain), string('')]))]],
  ['a key longer than the answer', [string(Buffer.concat([Buffer.from([12]), number(1), number(1000)]))]],
  ['a key too short to have a type', [answer([Buffer.from([0]), ''])]],
  ['an endless answer', [number(0x7f_ff_ff_ff), Buffer.alloc(1000)]],
  ['half an answer', [answer([plain, 'mine']).subarray(0, 20)]],
] as const)('is not confused by an agent that gives %s', async (_what, pieces) => {
  await expect(asking(...pieces)).rejects.toThrow(/./);
});
