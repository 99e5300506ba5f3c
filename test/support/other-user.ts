import { chownSync, mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Somebody without rights, who owns the directory that root writes to. Only root can play both. */
export const otherUser = 65534;

export interface Scene {
  readonly base: string;
  /** The other user's. */
  readonly app: string;
  /** Nobody else's: a directory of root with a file that only root reads. */
  readonly victim: string;
  readonly secret: string;
}

/** Names as they are on the disk, without links: the scripts look at every one of them. */
export function scene(owner?: number): Scene {
  const base = realpathSync(mkdtempSync(join(tmpdir(), 'plimsoll-hostile-')));
  const [app, victim] = [join(base, 'app'), join(base, 'victim')];
  const secret = join(victim, 'secret');
  mkdirSync(app, { mode: 0o755 });
  mkdirSync(victim, { mode: 0o755 });
  writeFileSync(secret, 'of root', { mode: 0o600 });
  if (owner !== undefined) chownSync(app, owner, owner);
  return { base, app, victim, secret };
}
