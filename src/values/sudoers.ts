/** The file that hints name: it is included after sudoers itself, so what it says holds. */
export const sudoersFile = '/etc/sudoers.d/plimsoll';

/**
 * A login name as sudoers and nobody else reads it: in capitals alone it would be an alias, and some of its characters
 * mean something there. Undefined where it cannot be written.
 */
export function sudoersName(user: string): string | undefined {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/.test(user)) return /^[A-Z][A-Z0-9_]*$/.test(user) ? `"${user}"` : user;
  return /^[A-Za-z0-9_][A-Za-z0-9_.@\\ -]*\$?$/.test(user) ? user.replaceAll(/[@\\ ]/g, String.raw`\$&`) : undefined;
}

export interface SudoRule {
  readonly user: string;
  readonly becomeUser: string;
  /** Whether sudo is to ask for it: plimsoll answers with become_password. */
  readonly password: boolean;
}

/** The one rule by which plimsoll's shell may be started. A tag of another rule is not inherited. */
export function sudoRule({ user, becomeUser, password }: SudoRule): string {
  const runas = becomeUser === 'root' ? becomeUser : (sudoersName(becomeUser) ?? becomeUser);
  return `${sudoersName(user) ?? user} ALL=(${runas}) ${password ? 'PASSWD' : 'NOPASSWD'}: /bin/sh`;
}

/** What has to be said where a rule's Defaults stand in the way. */
export function sudoDefaults(user: string, ...settings: readonly string[]): string {
  return `Defaults:${sudoersName(user) ?? user} ${settings.join(', ')}`;
}

/** The line of doas.conf. doas takes a password from a terminal only, and there is none. */
export function doasRule({ user, becomeUser }: Omit<SudoRule, 'password'>): string {
  return `permit nopass ${user} as ${becomeUser} cmd /bin/sh`;
}
