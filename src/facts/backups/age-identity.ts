import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** A file on the host with a key that age decrypts with. Nobody but age takes the key from it; only what is public of it is printed. */
export interface AgeIdentity {
  readonly kind: 'missing' | 'file' | 'other';
  /** Of the account that acts on the host: root. */
  readonly own: boolean;
  /** Octal, four digits. */
  readonly mode: string;
  /** It asks for a passphrase. */
  readonly locked: boolean;
  /** The public keys of it; none of an SSH key, of which age-keygen does not tell them, nor where there is no age-keygen. */
  readonly recipients: readonly string[];
  /** Why others could change it, or put another one in its place, although it is the account's own. */
  readonly exposed?: string;
}

/** Argument: the path. */
export const ageIdentity: Fact<AgeIdentity> = {
  name: 'age-identity',
  mostBytes: 65_536,
  script: shell('facts/backups/age-identity.sh'),
  parse({ status, stdout, stderr }, [path = '']) {
    const lines = stdout.split('\n');
    const [first = ''] = lines;
    if (status === 0 && (first === 'missing' || first === 'other'))
      return { kind: first, own: false, mode: '', locked: false, recipients: [] };
    const [, own, mode, locked] = /^file (yes|no) ([0-7]{1,4}) (yes|no)$/.exec(first) ?? [];
    if (status !== 0 || mode === undefined || lines.at(-2) !== 'end')
      throw new AppError(
        'fact-unreadable',
        `whose ${oneLine(path)} is could not be read: ${oneLine(stderr === '' ? first : stderr)}`,
      );
    const exposed = lines.find((line) => line.startsWith('exposed '))?.slice('exposed '.length);
    return {
      ...(exposed === undefined ? {} : { exposed: oneLine(exposed) }),
      kind: 'file',
      own: own === 'yes',
      mode: mode.padStart(4, '0'),
      locked: locked === 'yes',
      recipients: lines.slice(1, -2).filter((line) => /^age1[0-9a-z]+$/.test(line)),
    };
  },
};
