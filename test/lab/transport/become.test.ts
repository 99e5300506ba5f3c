// lab: 60 s, src/transport/privilege/ src/transport/remote-shell/privilege.ts
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusal } from '../../../src/transport/privilege/refusal.ts';
import { createSshTransport } from '../../../src/transport/ssh/ssh-transport.ts';
import type { Connection, Target } from '../../../src/transport/transport.ts';
import { Secret } from '../../../src/values/secret.ts';
import { type Account, type AccountOptions, createAccount, missingForAccounts } from '../../support/accounts.ts';
import { missingSshd, type Sshd, startSshd } from '../../support/sshd.ts';
import { never, testTarget } from '../../support/target.ts';

const missing = missingSshd() ?? missingForAccounts();
if (missing !== undefined) throw new Error(`the tests with a real sshd cannot run: ${missing}`);

const hasDoas = existsSync('/usr/bin/doas');
if (!hasDoas)
  process.stdout.write(
    'NOT TESTED with a real doas, which is not installed (Debian: opendoas): a stand-in has its words\n',
  );

/** Debian's OpenDoas 6.8.2 in what it says and takes, with sudo to do its work. */
const doasStandIn = `#!/bin/sh
[ "$1 $2" = "-n -u" ] || { echo "usage: doas [-nSs] [-C config] [-u user] command [args]" >&2; exit 1; }
user=$3; shift 3; [ "$1" != -- ] || shift
case $(cat "\${0%/*}/rule") in
  none) echo "doas: Operation not permitted" >&2; exit 1 ;;
  password) echo "doas: Authorization required" >&2; exit 1 ;;
  disabled) echo "doas: doas is not enabled, /etc/doas.conf: No such file or directory" >&2; exit 1 ;;
esac
exec sudo -n -H -u "$user" -- "$@"
`;

let sshd: Sshd;
let bin: string;
const accounts: Account[] = [];
const account = (options?: AccountOptions): Account => {
  const made = createAccount(options);
  accounts.push(made);
  return made;
};

beforeAll(async () => {
  bin = mkdtempSync(join(tmpdir(), 'plimsoll-become-'));
  execFileSync('chmod', ['755', bin]);
  writeFileSync(join(bin, 'doas'), doasStandIn, { mode: 0o755 });
  sshd = await startSshd({ config: [`SetEnv PATH=/usr/bin:/bin:${bin}`] });
});
afterAll(async () => {
  await sshd.stop();
  for (const each of accounts) each.remove();
  rmSync(bin, { recursive: true, force: true });
});

async function using<Value>(
  overrides: Partial<Target>,
  use: (connection: Connection) => Promise<Value>,
): Promise<Value> {
  const transport = createSshTransport();
  const { address, port, identityFile, knownHostsFile } = sshd;
  try {
    const connection = await transport.connect(
      testTarget({ address, port, identityFiles: [identityFile], knownHostsFiles: [knownHostsFile], ...overrides }),
      never,
    );
    try {
      return await use(connection);
    } finally {
      await connection.close();
    }
  } finally {
    await transport.close();
  }
}

/** Bytes of every kind, over the command shell and over a channel of their own, and a command that is ended. */
async function carries(connection: Connection): Promise<unknown> {
  const bytes = String.raw`printf "$1" | od -An -tx1 | tr -d " \n"`;
  const args = [String.raw`\000\001\003\004\012\015\021\023\032\034\177\377`];
  const streamed = await connection.stream({ script: `${bytes}; cat; id -un`, args, stdin: 'a\r\n\x03\x04b' }, {});
  const ran = await connection.run({ script: `${bytes}; cat`, args, stdin: 'a\r\n\x03\x04b' });
  const late = await connection.run({ script: 'sleep 300', timeoutMs: 500 }).catch((error: unknown) => error);
  return {
    streamed: streamed.stdout,
    ran: ran.stdout,
    late,
    home: (await connection.run({ script: 'echo "$HOME"' })).stdout,
  };
}
const carried = {
  ran: '00010304' + '0a0d1113' + '1a1c7fffa\r\n\x03\x04b',
  streamed: '00010304' + '0a0d1113' + '1a1c7fffa\r\n\x03\x04broot\n',
  late: { code: 'timed-out' },
  home: '/root\n',
};

const failing = (overrides: Partial<Target>): Promise<unknown> =>
  using(overrides, ({ info }) => Promise.resolve(info.runsAs)).catch((thrown: unknown) => thrown);
const refused = (message: RegExp, hint: RegExp, code = 'privilege-denied'): object => ({
  code,
  message: expect.stringMatching(message) as unknown,
  hint: expect.stringMatching(hint) as unknown,
});

describe('sudo', () => {
  it.each([
    ['as it is', ''],
    ['with use_pty', 'Defaults:NAME use_pty'],
    ['without', 'Defaults:NAME !use_pty'],
    ['with log_output', 'Defaults:NAME use_pty, log_output, iolog_dir=/tmp/plimsoll-iolog-NAME'],
    ['with log_input', 'Defaults:NAME !use_pty, log_input, log_output, iolog_dir=/tmp/plimsoll-iolog-NAME'],
  ])('carries every byte %s', async (_name, defaults) => {
    const { name: user } = account({ sudoers: 'ALL=(root) NOPASSWD: /bin/sh', defaults });
    const { seen, warnings } = await using({ user, become: 'sudo' }, async (connection) => ({
      seen: await carries(connection),
      warnings: connection.info.warnings,
    }));
    expect(seen).toMatchObject(carried);
    const logged = defaults.includes('log_');
    expect(warnings ?? []).toEqual(
      logged
        ? [
            expect.stringMatching(
              new RegExp(
                `copy of .*what it is answered in /tmp/plimsoll-iolog-${user} .*Defaults:${user} .*!log_output`,
              ),
            ),
          ]
        : [],
    );
    if (logged) expect(warnings?.join('').includes('secrets')).toBe(defaults.includes('log_input'));
    rmSync(`/tmp/plimsoll-iolog-${user}`, { recursive: true, force: true });
  });

  it('a tag of the rule is seen, too', async () => {
    const { name: user } = account({ sudoers: 'ALL=(root) NOPASSWD: LOG_OUTPUT: /bin/sh' });
    const warnings = await using({ user, become: 'sudo' }, ({ info }) => Promise.resolve(info.warnings));
    expect(warnings).toEqual([expect.stringMatching(/in \/var\/log\/sudo-io .*LOG_OUTPUT: of the rule/)]);
  });

  it('tells a rule for other programs from a password that is wanted', async () => {
    const limited = account({ sudoers: 'ALL=(ALL) NOPASSWD: /usr/bin/docker, /usr/sbin/dmsetup' });
    const mixed = account({ sudoers: 'ALL=(ALL) ALL, NOPASSWD: /usr/bin/docker' });
    const other = account({ sudoers: 'ALL=(games) NOPASSWD: ALL' });
    const line = (user: string): RegExp =>
      new RegExp(`visudo -f /etc/sudoers.d/plimsoll takes this line: ${user} ALL=\\(root\\) NOPASSWD: /bin/sh$`);
    expect(await failing({ user: limited.name, become: 'sudo' })).toMatchObject(
      refused(/may not run \/bin\/sh as root through sudo: .*none of them is for a shell/, line(limited.name)),
    );
    expect(await failing({ user: other.name, become: 'sudo' })).toMatchObject(
      refused(/may not run \/bin\/sh as root through sudo/, line(other.name)),
    );
    expect(await failing({ user: mixed.name, become: 'sudo' })).toMatchObject(
      refused(/sudo wants the password/, line(mixed.name)),
    );
    expect(
      await failing({ user: limited.name, become: 'sudo', becomePassword: new Secret(limited.password) }),
    ).toMatchObject(refused(/may not run \/bin\/sh/, /PASSWD: \/bin\/sh$/));
  });

  it('names an account that has expired', () => {
    const { name: user } = account({ sudoers: 'ALL=(ALL) NOPASSWD: ALL' });
    execFileSync('chage', ['-E', '1', user]);
    // sshd would not let it in, so it is asked without.
    const { stderr, status } = spawnSync('runuser', ['-u', user, '--', 'sudo', '-n', '/bin/sh', '-c', ':']);
    const wish = { host: 'web-1', user, become: 'sudo', becomeUser: 'root' } as const;
    expect(refusal(wish, { text: stderr.toString(), status: status ?? undefined, answered: false })).toMatchObject(
      refused(/account of .* has expired or is locked: .*account validation failure/, /chage -E -1/),
    );
  });

  it('names a password that has expired, a broken file, and a user who is not there', async () => {
    const due = account({ sudoers: 'ALL=(ALL) ALL' });
    execFileSync('chage', ['-d', '0', due.name]);
    const attempt = (of: Account, more: Partial<Target> = {}): Promise<unknown> =>
      failing({ user: of.name, become: 'sudo', becomePassword: new Secret(of.password), ...more });
    expect(await attempt(due)).toMatchObject(refused(/password of .* has expired/, /passwd/));
    const missingUser = account({ sudoers: 'ALL=(ALL) NOPASSWD: ALL' });
    expect(await attempt(missingUser, { becomeUser: 'nobody-here' })).toMatchObject(
      refused(/there is no user nobody-here/, /become_user/),
    );
    const broken = account({ sudoers: 'ALL=(ALL NOPASSWD' });
    expect(await failing({ user: broken.name, become: 'sudo' })).toMatchObject(
      refused(/a file of sudoers is wrong/, /visudo -c/),
    );
  });
});

describe('su', () => {
  it('is answered once, after our own mark, and carries every byte', async () => {
    const { name: user } = account();
    const root = account();
    const target: Partial<Target> = {
      user,
      become: 'su',
      becomeUser: root.name,
      becomePassword: new Secret(root.password),
    };
    const seen = await using(target, async (connection) => [connection.info.runsAs, await carries(connection)]);
    expect(seen).toMatchObject([
      root.name,
      { ...carried, streamed: carried.streamed.replace('root', root.name), home: `/home/${root.name}\n` },
    ]);
  });

  it('says what it has against it', async () => {
    const { name: user } = account();
    const root = account();
    const target: Partial<Target> = { user, become: 'su', becomeUser: root.name };
    expect(await failing(target)).toMatchObject(refused(/su wants the password of/, /not that of/));
    const error = await failing({ ...target, becomePassword: new Secret('not the password') });
    expect(error).toMatchObject(refused(/su did not accept the password of/, /tried once/, 'privilege-password'));
    expect(JSON.stringify(error) + String(error)).not.toContain('not the password');
    expect(await failing({ ...target, becomeUser: 'nobody-here' })).toMatchObject(
      refused(/there is no user nobody-here/, /become_user/),
    );
    execFileSync('chage', ['-d', '0', root.name]);
    expect(await failing({ ...target, becomePassword: new Secret(root.password) })).toMatchObject(
      refused(/the password of .* has expired/, /passwd/),
    );
  });
});

describe('doas', () => {
  const file = '/etc/doas.conf';
  let before: Buffer | undefined;
  beforeAll(() => {
    before = hasDoas && existsSync(file) ? readFileSync(file) : undefined;
  });
  afterAll(() => {
    if (!hasDoas) return;
    if (before === undefined) rmSync(file, { force: true });
    else writeFileSync(file, before, { mode: 0o400 });
  });
  const rules = {
    nopass: 'permit nopass NAME as root cmd /bin/sh',
    none: 'permit nopass root',
    password: 'permit NAME as root',
    disabled: undefined,
  };

  /** For the real one a file, for the stand-in a word. */
  function setRule(name: string, rule: keyof typeof rules): void {
    const line = rules[rule];
    if (!hasDoas) writeFileSync(join(bin, 'rule'), rule);
    else if (line === undefined) rmSync(file, { force: true });
    else writeFileSync(file, `${line.replace('NAME', name)}\n`, { mode: 0o400 });
  }

  it('carries every byte without a password', async () => {
    const { name: user, password } = account({ sudoers: 'ALL=(ALL) NOPASSWD: ALL' });
    setRule(user, 'nopass');
    const target: Partial<Target> = { user, become: 'doas', becomePassword: new Secret(password) };
    expect(await using(target, carries)).toMatchObject(carried);
  });

  it.each([
    ['none', /may not run \/bin\/sh as root through doas/],
    ['password', /wants the password of .*, which it takes from a terminal only/],
    ['disabled', /doas has no rules yet/],
  ] as const)('says what it has against it: %s', async (rule, message) => {
    const { name: user } = account();
    setRule(user, rule);
    expect(await failing({ user, become: 'doas' })).toMatchObject(
      refused(message, new RegExp(`permit nopass ${user} as root cmd /bin/sh$`)),
    );
  });
});
