import type { Socket } from 'node:net';
import ssh2, { type ParsedKey } from 'ssh2';

/** A key that an agent holds: what it is known by there, and what ssh2 makes of it. */
export interface HeldKey {
  readonly blob: Buffer;
  readonly type: string;
  readonly comment: string;
  /** Absent for what ssh2 knows nothing of: certificates, and keys of security tokens. */
  readonly key: ParsedKey | undefined;
}

const requestIdentities = 11;
const identitiesAnswer = 12;
/** An agent of OpenSSH has no longer messages. */
const longestAnswer = 256 * 1024;

/** Asks by ourselves: ssh2 leaves out in silence what it does not know. draft-miller-ssh-agent, 3.5. */
export async function askForKeys(socket: Socket): Promise<readonly HeldKey[]> {
  socket.write(Buffer.from([0, 0, 0, 1, requestIdentities]));
  let answer = Buffer.alloc(0);
  for await (const chunk of socket) {
    answer = Buffer.concat([answer, chunk as Buffer]);
    if (answer.length < 4) continue;
    const length = answer.readUInt32BE(0);
    if (length > longestAnswer) break;
    if (answer.length >= 4 + length) return keysIn(answer.subarray(4, 4 + length));
  }
  throw new Error('the ssh-agent gave no answer that can be read');
}

/** Throws a RangeError where it ends too early. */
function keysIn(answer: Buffer): readonly HeldKey[] {
  if (answer[0] !== identitiesAnswer) throw new Error('the ssh-agent does not tell its keys');
  let at = 5;
  const next = (): Buffer => {
    const length = answer.readUInt32BE(at);
    if (at + 4 + length > answer.length) throw new RangeError('the answer of the ssh-agent is too short');
    at += 4 + length;
    return answer.subarray(at - length, at);
  };
  const keys: HeldKey[] = [];
  for (let left = answer.readUInt32BE(1); left > 0; left -= 1) {
    const blob = Buffer.from(next());
    const comment = next().toString();
    const parsed = ssh2.utils.parseKey(blob);
    const key = parsed instanceof Error ? undefined : parsed;
    if (key !== undefined) key.comment ||= comment;
    keys.push({ blob, type: blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)), comment, key });
  }
  return keys;
}
