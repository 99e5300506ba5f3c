import { describe, expect, it } from 'vitest';
import { refusal } from '../../../src/transport/privilege/refusal.ts';
import type { Become } from '../../../src/transport/transport.ts';

const say = (become: Become, text: string, answered = false, status = 1): string => {
  const error = refusal({ host: 'web-1', user: 'ops', become, becomeUser: 'root' }, { text, status, answered });
  return `${error.code} ${error.message}\n→ ${error.hint ?? ''}`;
};
const ruled = /takes this line: ops ALL=\(root\) NOPASSWD: \/bin\/sh$/;

// As they came from sudo 1.9.13p3 in the C locale, but for the ones that need another machine.
describe('what sudo says', () => {
  it.each([
    ['sudo: sorry, you must have a tty to run sudo', /demands a terminal/, /Defaults:ops !requiretty$/],
    ['ops is not in the sudoers file.', /may not run \/bin\/sh as root/, ruled],
    ["Sorry, user ops is not allowed to execute '/bin/sh -c x' as root on vm.", /may not run \/bin\/sh/, ruled],
    ['Sorry, user ops may not run sudo on vm.', /may not run \/bin\/sh/, ruled],
    [
      'sudo: account validation failure, is your account locked?\nsudo: a password is required',
      /the account of ops has expired or is locked/,
      /chage -E -1 ops/,
    ],
    [
      'sudo: Account or password is expired, reset your password and try again\nsudo: no password was provided\nsudo: unable to change expired password: Authentication token manipulation error\nsudo: a password is required',
      /the password of ops has expired/,
      /passwd ops/,
    ],
    ['sudo: a password is required', /sudo wants the password of ops/, ruled],
    [
      '/etc/sudoers.d/x:1:27: syntax error\nops ALL=(ALL NOPASSWD\n   ^~~~\nsudo: a password is required',
      /a file of sudoers is wrong/,
      /visudo -c/,
    ],
    ['sudo: /etc/sudoers.d/x is world writable\nsudo: a password is required', /a file of sudoers is wrong/, /visudo/],
    [
      'sudo: unknown user nobodyhere\nsudo: error initializing audit plugin sudoers_audit',
      /there is no user root/,
      /become_user/,
    ],
    [
      'sudo: unable to create /var/log/sudo-io/00: No space left on device\nsudo: error initializing I/O plugin sudoers_io',
      /could not begin its record/,
      /Defaults:ops !log_input, !log_output$/,
    ],
    ['sudo: /usr/bin/sudo must be owned by uid 0 and have the setuid bit set', /not allowed to give/, /nosuid/],
    [
      'sudo: The "no new privileges" flag is set, which prevents sudo from running as root.',
      /not allowed to give/,
      /NoNewPrivileges/,
    ],
    ['/bin/sh: 1: exec: sudo: not found', /there is no sudo/, /become: doas or su/],
    ['/bin/sh: line 1: exec: sudo: not found', /there is no sudo/, /Install sudo/],
    ['Segmentation fault', /sudo ended with status 1/, /ssh ops@web-1 sudo/],
  ])('%s', (text, message, hint) => {
    expect(say('sudo', text)).toMatch(message);
    expect(say('sudo', text)).toMatch(hint);
  });

  it('a wrong password is one only where one was given', () => {
    expect(say('sudo', 'Sorry, try again.\n\nsudo: 1 incorrect password attempt', true)).toMatch(
      /^privilege-password /,
    );
    expect(say('sudo', 'Sorry, try again.\n\nsudo: 1 incorrect password attempt')).toMatch(/^privilege-denied /);
  });
});

// Out of the source of sudo-rs (0.2.5 to 0.2.14): it is not run here.
describe('what sudo-rs says', () => {
  it.each([
    ["sudo: I'm sorry ops. I'm afraid I can't do that", false, /may not run \/bin\/sh as root/],
    ["sudo: Sorry, user ops is not allowed to execute '/bin/sh' as root on vm.", false, /may not run \/bin\/sh/],
    ['sudo: Sorry, user ops may not run /bin/sh on vm.', false, /may not run \/bin\/sh/],
    ['sudo: interactive authentication is required', false, /wants the password/],
    ['sudo: Interaction is required', false, /wants the password/],
    ['sudo: Authentication required but not attempted', false, /wants the password/],
    ['sudo: A terminal is required to authenticate', false, /wants the password/],
    ['sudo: Maximum 3 incorrect authentication attempts', true, /did not accept the password of ops/],
    ['sudo: Incorrect authentication attempt', true, /did not accept the password of ops/],
    ['sudo: Account validation failure, is your account locked?', false, /has expired or is locked/],
    ['sudo: PAM error: User account has expired', false, /has expired or is locked/],
    ['sudo: Account or password is expired, reset your password and try again', false, /password of ops has expired/],
    ['sudo: Password expired, contact your system administrator', false, /password of ops has expired/],
    ['sudo: invalid configuration: x', false, /a file of sudoers is wrong/],
    ["sudo: user 'nobodyhere' not found", false, /there is no user root/],
    ['sudo: sudo must be owned by uid 0 and have the setuid bit set', false, /not allowed to give/],
    ['sudo: invalid option provided', false, /does not know an option/],
  ] as const)('%s', (text, answered, message) => {
    expect(say('sudo', text, answered)).toMatch(message);
  });
});

// Out of the source of OpenDoas: it is not run here.
describe('what doas says', () => {
  it.each([
    ['doas: Operation not permitted', /may not run \/bin\/sh as root through doas/],
    ['doas: Authorization required', /from a terminal only/],
    ['doas: Authentication required', /from a terminal only/],
    ['doas: a tty is required', /from a terminal only/],
    ['doas: Authentication failed', /may not run \/bin\/sh as root through doas/],
    ['doas: doas is not enabled, /etc/doas.conf: No such file or directory', /has no rules yet/],
    ['doas: unknown user', /there is no user root/],
    ['doas: syntax error at line 3', /doas.conf is wrong/],
    ['doas: /etc/doas.conf is writable by group or other', /doas.conf is wrong/],
    ['doas: not installed setuid', /not allowed to give/],
    ['/bin/sh: 1: exec: doas: not found', /there is no doas/],
    ['?', /doas ended with status 1/],
  ])('%s', (text, message) => {
    expect(say('doas', text)).toMatch(message);
  });
});

// util-linux 2.38 with PAM, as it came; the others out of shadow's and busybox' sources.
describe('what su says', () => {
  it.each([
    ['Password: su: Authentication failure', true, /^privilege-password .*su did not accept the password of root/],
    ['su: user x does not exist or the user entry does not contain all the required fields', false, /there is no user/],
    [
      'Password: You are required to change your password immediately (administrator enforced).\nCurrent password: su: Authentication token manipulation error',
      true,
      /the password of root has expired/,
    ],
    [
      'Password: Your account has expired; please contact your system administrator.\nsu: Authentication failure',
      true,
      /the account of root has expired/,
    ],
    ['su: Permission denied', false, /ops may not become root through su/],
    ['su: must be run from a terminal', false, /demands a terminal/],
    ['su: incorrect password', true, /did not accept/],
    ['/bin/sh: 1: exec: su: not found', false, /there is no su/],
    ['su: ?', false, /su ended with status 1/],
  ] as const)('%s', (text, answered, message) => {
    expect(say('su', text, answered)).toMatch(message);
  });
});

it('a lost connection is none of their doing', () => {
  const wish = { host: 'web-1', user: 'ops', become: 'doas', becomeUser: 'root' } as const;
  expect(refusal(wish, { text: '', status: undefined, answered: false })).toMatchObject({ code: 'connection-lost' });
});
