import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';

/** A real account of this machine, made for a test and removed after it. */
export interface Account {
  readonly name: string;
  readonly password: string;
  remove(): void;
}

export interface AccountOptions {
  /** What follows the account's name in sudoers. */
  readonly sudoers?: string;
  /** Further lines of sudoers; NAME stands for the account. */
  readonly defaults?: string;
  readonly shell?: string;
}

/** Why no account can be made here, or undefined when one can. */
export function missingForAccounts(): string | undefined {
  if (process.getuid?.() !== 0) return 'making accounts takes root';
  const missing = ['/usr/sbin/useradd', '/usr/sbin/chpasswd', '/usr/bin/sudo'].filter((file) => !existsSync(file));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed: run "npm run lab:setup"`;
}

export function createAccount({ sudoers, defaults = '', shell = '/bin/sh' }: AccountOptions = {}): Account {
  const name = `plimsoll-${randomBytes(4).toString('hex')}`;
  const password = `pass ${randomBytes(12).toString('base64')}'"$`;
  const sudoersFile = `/etc/sudoers.d/${name}`;
  execFileSync('/usr/sbin/useradd', ['--create-home', '--shell', shell, name]);
  execFileSync('/usr/sbin/chpasswd', { input: `${name}:${password}\n` });
  if (sudoers !== undefined)
    writeFileSync(sudoersFile, `${defaults.replaceAll('NAME', name)}\n${name} ${sudoers}\n`, { mode: 0o440 });
  return {
    name,
    password,
    remove: () => {
      rmSync(sudoersFile, { force: true });
      execFileSync('/usr/sbin/userdel', ['--remove', '--force', name], { stdio: 'ignore' });
    },
  };
}
