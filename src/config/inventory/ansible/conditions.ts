import type { BecomeMethod } from '../../../transport/transport.ts';
import type { Json } from '../../../values/json.ts';
import { unsafeText } from './values.ts';

/** Of several names for one thing Ansible takes the last one that is set. */
export const names = {
  address: ['ansible_host', 'ansible_ssh_host'],
  port: ['ansible_port', 'ansible_ssh_port'],
  user: ['ansible_user', 'ansible_ssh_user'],
  password: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
  identity_file: ['ansible_private_key_file', 'ansible_ssh_private_key_file'],
  identity_passphrase: ['ansible_private_key_passphrase', 'ansible_ssh_private_key_passphrase'],
  become: ['ansible_become'],
  become_method: ['ansible_become_method'],
  become_user: ['ansible_become_user'],
  become_password: ['ansible_become_password', 'ansible_become_pass'],
} as const;

export type Key = keyof typeof names;

/** What each way of becoming root has variables of its own for, which come last: `ansible_sudo_user`. */
export const ofTheMethod: Readonly<Partial<Record<Key, string>>> = { become_user: 'user', become_password: 'pass' };

/** Variables of which the last that is set counts, what they may say without changing anything, and what to do otherwise. */
type Condition = readonly [names: readonly string[], allowed: RegExp, remedy: string];

/** By its short name or its whole one; what is none of plimsoll's is refused by what it may say. */
export function methodOf(value: Json): BecomeMethod {
  const text = unsafeText(value) ?? value;
  const name = typeof text === 'string' ? text.split('.').at(-1) : undefined;
  return name === 'doas' || name === 'su' ? name : 'sudo';
}

export function conditionsOfMethod(method: string): readonly Condition[] {
  return [
    [
      ['ansible_become_exe', `ansible_${method}_exe`],
      /^(?:\/(?:usr\/)?bin\/)?(?:sudo|doas|su)$/,
      `plimsoll calls the system's own ${method}: take it out where that will do`,
    ],
    [
      ['ansible_become_flags', `ansible_${method}_flags`],
      /^(?:\s*(?:-[HSnEkiPb]+|--(?:set-home|stdin|non-interactive|preserve-env|login)))*\s*$/,
      `plimsoll calls ${method} with options of its own: take it out where it does not change whose rights one has`,
    ],
  ];
}

export const conditions: readonly Condition[] = [
  [
    ['ansible_connection'],
    /^(?:ansible\.builtin\.)?(?:ssh|smart|paramiko|paramiko_ssh)$/,
    'plimsoll reaches hosts by ssh only: leave this host out, or give it ansible_connection=ssh',
  ],
  [
    ['ansible_become_method'],
    /^(?:(?:ansible\.builtin\.)?(?:sudo|su)|(?:community\.general\.)?doas)$/,
    'plimsoll becomes root by sudo, doas or su: allow one of them there, and write it (ansible_become_method=sudo)',
  ],
  [['ansible_ssh_executable'], /^(?:.*\/)?ssh$/, 'plimsoll does not run this program: take it out where ssh will do'],
  [['ansible_shell_type'], /^(?:sh|bash|dash|zsh|fish|csh)$/, 'plimsoll works on hosts with a POSIX sh only'],
  [
    ['ansible_ssh_pkcs11_provider'],
    /^$/,
    'keys of a token are offered by the ssh-agent only: ssh-add -s adds them, then take it out',
  ],
  [
    ['ansible_private_key', 'ansible_ssh_private_key'],
    /^\s*$/,
    'a key in a variable is not read: write it into a file, and name that by ansible_ssh_private_key_file',
  ],
];
