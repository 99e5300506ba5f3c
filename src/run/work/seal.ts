import { dirname } from 'node:path/posix';
import { longestManifest, statementOf } from '../../facts/backups/backup-shelf.ts';
import { AppError } from '../../errors.ts';
import type { ScriptAction } from './compile.ts';
import { compile } from './compile.ts';
import type { SealAction } from '../../operations/engine/change.ts';
import type { Connection } from '../../transport/transport.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Interpreter } from './interpreter.ts';

/**
 * Seals a backup. It is the host on which it was made that says what it is; what is kept elsewhere is
 * compared with that from then on. The key stays here: the host is told the seal only.
 */
export async function sealBackup(
  { link, laptop, signal, onOutput }: Interpreter,
  { name, manifest, to, laptop: isHere, host }: SealAction,
): Promise<void> {
  const read = await link.run(
    { script: 'head -c "$2" -- "$1"', args: [manifest, String(longestManifest)], repeatable: true },
    { signal },
  );
  const statement = read.status === 0 ? statementOf(name, read.stdout) : undefined;
  if (statement === undefined)
    throw new AppError(
      'action-failed',
      `${manifest} is no manifest of ${name}: ${oneLine(read.stderr === '' ? read.stdout : read.stderr, 200)}`,
      { hint: 'apply the playbook again for another backup' },
    );
  const { seal, warning } = await laptop.vouch({ name, statement }, { host: link.name });
  if (warning !== undefined) onOutput('stderr', `${warning}\n`);
  if (isHere === true) {
    await putHere(laptop, to, seal);
    return;
  }
  const put = (connection: Connection): Promise<void> => putThere(connection, to, seal, signal);
  if (host === undefined) {
    await link.again(put, signal);
    return;
  }
  const peer = await link.peer(host);
  peer.persist();
  await peer.again(put, signal);
}

async function putHere(laptop: Interpreter['laptop'], path: string, seal: string): Promise<void> {
  const target = await laptop.write(path, Buffer.byteLength(seal));
  try {
    await new Promise<void>((resolve, reject) => {
      target.output.on('error', reject).on('close', resolve).end(seal);
    });
    await target.keep();
  } finally {
    await target.discard();
  }
}

async function putThere(connection: Connection, path: string, seal: string, signal: AbortSignal): Promise<void> {
  const actions: readonly ScriptAction[] = [
    { kind: 'exec', argv: ['mkdir', '-p', '-m', '700', dirname(path)] },
    // One of an attempt that was made again is another one.
    { kind: 'exec', argv: ['rm', '-f', '--', path] },
    { kind: 'write-file', path, content: seal, mode: '0600', expect: null },
  ];
  const { status, stderr } = await connection.run(compile(actions), { signal });
  if (status !== 0)
    throw new AppError('action-failed', `${path} could not be written: ${oneLine(stderr)}`, {
      hint: 'is there room for it?',
    });
}
