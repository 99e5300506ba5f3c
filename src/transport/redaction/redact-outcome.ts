import { AppError } from '../../errors.ts';
import type { Command, Outcome } from '../transport.ts';
import { cutOf } from './piece.ts';
import type { Redaction } from './redaction.ts';

/** What a command has come to, without the secrets of its host. Errors: `refused`, where what is to be parsed holds one. */
export function redactOutcome(
  redaction: Redaction,
  host: string,
  { prints = 'text' }: Pick<Command, 'prints'>,
  { status, stdout, stderr, droppedBytes, bytes }: Outcome,
): Outcome {
  const isCut = droppedBytes > 0;
  const clean = {
    status,
    stderr: redaction.text(stderr, isCut),
    droppedBytes,
    ...(bytes === undefined ? {} : { bytes }),
  };
  if (prints === 'text') return { ...clean, stdout: redaction.text(stdout, isCut) };
  if (prints === 'data') {
    if (redaction.isIn(stdout)) throw secretInData(host);
    return { ...clean, stdout };
  }
  const [head = ''] = prints.piece.exec(stdout) ?? [];
  const piece = stdout.slice(head.length);
  return {
    ...clean,
    stdout: head + redaction.text(piece, isCut),
    cuts: { stdout: cutOf(piece, redaction), stderr: cutOf(stderr, redaction) },
  };
}

/** With something taken out of it, it would say something else; nothing may be planned from that. */
function secretInData(host: string): AppError {
  return new AppError('refused', `${host}: what it answers holds a secret that it has been given, and is not used`, {
    hint: `find out what on ${host} repeats its password, passphrase or secret variable; where that is an ordinary word, choose another one`,
  });
}
