// lab: 100 s, src/transport/
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSshTransport } from '../../../src/transport/ssh/ssh-transport.ts';
import type { Connection, Target } from '../../../src/transport/transport.ts';
import { Secret } from '../../../src/values/secret.ts';
import { type Account, createAccount, missingForAccounts } from '../../support/accounts.ts';
import { startLockHolder } from '../../support/lock-holder.ts';
import { generateKey, missingSshd, type Sshd, startSshd } from '../../support/sshd.ts';
import { never, testTarget } from '../../support/target.ts';
import { describeTransport } from '../../transport/conformance.ts';
import { ada, bob, temporaryPlaces, untilGo, whenFree } from '../../transport/lock-conformance.ts';

const missing = missingSshd() ?? missingForAccounts();
if (missing !== undefined) throw new Error(`the tests with a real sshd cannot run: ${missing}`);

function targetOf(sshd: Sshd, overrides: Partial<Target> = {}): Target {
  const { address, port, user, identityFile, knownHostsFile } = sshd;
  return testTarget({
    address,
    port,
    user,
    identityFiles: [identityFile],
    knownHostsFiles: [knownHostsFile],
    ...overrides,
  });
}

async function withConnection<Value>(
  target: Target,
  use: (connection: Connection) => Promise<Value>,
  agentSocket?: string,
): Promise<Value> {
  const transport = createSshTransport(agentSocket === undefined ? {} : { agentSocket });
  const connection = await transport.connect(target, never);
  try {
    return await use(connection);
  } finally {
    await connection.close();
    await transport.close();
  }
}

function whoAmI(connection: Connection): Promise<string> {
  return connection.run({ script: 'id -un' }).then(({ stdout }) => stdout.trim());
}

describeTransport('the ssh transport with OpenSSH', async () => {
  const sshd = await startSshd();
  const transport = createSshTransport();
  return {
    connect: (overrides) => transport.connect(targetOf(sshd, overrides), never),
    stop: async () => {
      await transport.close();
      await sshd.stop();
    },
  };
});

describe('privileges', () => {
  let sshd: Sshd;
  const accounts: Account[] = [];
  const account = (options?: Parameters<typeof createAccount>[0]): Account => {
    const made = createAccount(options);
    accounts.push(made);
    return made;
  };
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(async () => {
    await sshd.stop();
    for (const each of accounts) each.remove();
  });

  it('stays the login user without become', async () => {
    const { name: user } = account();
    expect(
      await withConnection(targetOf(sshd, { user }), async (connection) => [
        connection.info.runsAs,
        await whoAmI(connection),
      ]),
    ).toEqual([user, user]);
  });

  it('becomes root through sudo without a password', async () => {
    const { name: user } = account({ sudoers: 'ALL=(ALL) NOPASSWD: ALL' });
    const target = targetOf(sshd, { user, become: 'sudo' });
    const seen = await withConnection(target, async (connection) => {
      const streamed = await connection.stream({ script: 'id -un; cat', stdin: 'raw' }, {});
      const late = await connection.run({ script: 'sleep 300', timeoutMs: 500 }).catch((error: unknown) => error);
      return { runsAs: connection.info.runsAs, id: await whoAmI(connection), streamed: streamed.stdout, late };
    });
    expect(seen).toMatchObject({ runsAs: 'root', id: 'root', streamed: 'root\nraw', late: { code: 'timed-out' } });
  });

  it('never sends a password that sudo does not ask for', async () => {
    const { name: user, password } = account({ sudoers: 'ALL=(ALL) NOPASSWD: ALL' });
    const output = await withConnection(
      targetOf(sshd, { user, become: 'sudo', becomePassword: new Secret(password) }),
      async (connection) => {
        const { stdout, stderr } = await connection.run({ script: 'cat; id -un' });
        return stdout + stderr;
      },
    );
    expect(output).toBe('root\n');
  });

  it.each([
    ['as it is', ''],
    ['with a lecture', 'Defaults:NAME lecture=always'],
    ['with use_pty', 'Defaults:NAME use_pty'],
    ['with its own prompt', 'Defaults:NAME passprompt="Give me the password of %p: "'],
  ])('becomes root with a password, sudo %s, and shows it in no process list', async (_title, defaults) => {
    const { name: user, password } = account({ sudoers: 'ALL=(ALL) ALL', defaults });
    const sampler = sampleProcesses(password);
    const seen = await withConnection(
      targetOf(sshd, { user, become: 'sudo', becomePassword: new Secret(password) }),
      async (connection) => {
        const streamed = await connection.stream({ script: 'id -un; cat', stdin: 'raw' }, {});
        return [await whoAmI(connection), streamed.stdout];
      },
    );
    const { samples, hits } = sampler.stop();
    expect(seen).toEqual(['root', 'root\nraw']);
    expect(samples).toBeGreaterThan(3);
    expect(hits).toEqual([]);
  });

  it('becomes another user than root', async () => {
    const other = account();
    const { name: user, password } = account({ sudoers: 'ALL=(ALL) ALL' });
    const target = targetOf(sshd, {
      user,
      become: 'sudo',
      becomeUser: other.name,
      becomePassword: new Secret(password),
    });
    expect(await withConnection(target, whoAmI)).toBe(other.name);
    expect(await withConnection(targetOf(sshd, { become: 'sudo', becomeUser: other.name }), whoAmI)).toBe(other.name);
  });

  it('tries a wrong password once', async () => {
    const { name: user } = account({ sudoers: 'ALL=(ALL) ALL' });
    const target = targetOf(sshd, { user, become: 'sudo', becomePassword: new Secret('not the password') });
    const error = await withConnection(target, whoAmI).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'privilege-password', message: expect.stringContaining(user) as unknown });
    expect(JSON.stringify(error) + String(error)).not.toContain('not the password');
  });

  it('says what sudo has against it', async () => {
    const stranger = account();
    const unasked = account({ sudoers: 'ALL=(ALL) ALL' });
    const limited = account({ sudoers: 'ALL=(ALL) NOPASSWD: /usr/bin/true' });
    const terminal = account({ sudoers: 'ALL=(ALL) NOPASSWD: ALL', defaults: 'Defaults:NAME requiretty' });
    const attempt = (user: Account, becomePassword?: string): Promise<unknown> =>
      withConnection(
        targetOf(sshd, {
          user: user.name,
          become: 'sudo',
          ...(becomePassword === undefined ? {} : { becomePassword: new Secret(becomePassword) }),
        }),
        whoAmI,
      ).catch((thrown: unknown) => thrown);
    const message = (pattern: RegExp): unknown => ({
      code: 'privilege-denied',
      message: expect.stringMatching(pattern) as unknown,
      hint: expect.stringMatching(/./) as unknown,
    });
    expect(await attempt(stranger, stranger.password)).toMatchObject(
      message(/may not run \/bin\/sh as root.*not in the sudoers/) as object,
    );
    expect(await attempt(unasked)).toMatchObject(message(/wants the password/) as object);
    expect(await attempt(limited)).toMatchObject(message(/wants the password|may not run/) as object);
    expect(await attempt(terminal)).toMatchObject(message(/demands a terminal/) as object);
  });

  it.each(['/usr/bin/fish', '/bin/csh', '/bin/bash', '/bin/dash'].filter((shell) => existsSync(shell)))(
    'works whatever the login shell is: %s',
    async (shell) => {
      const { name: user, password } = account({ sudoers: 'ALL=(ALL) ALL', shell });
      const noise = 'echo "noise on standard output"\n';
      for (const file of ['.bashrc', '.cshrc', '.profile']) writeFileSync(`/home/${user}/${file}`, noise);
      const target = targetOf(sshd, { user, become: 'sudo', becomePassword: new Secret(password) });
      expect(
        await withConnection(target, async (connection) => [
          await whoAmI(connection),
          (await connection.stream({ script: 'echo "$1"', args: ["it's!"] }, {})).stdout,
        ]),
      ).toEqual(['root', "it's!\n"]);
      expect(await withConnection(targetOf(sshd, { user }), whoAmI)).toBe(user);
    },
  );

  it('says so when the login shell refuses', async () => {
    const { name: user } = account({ shell: '/usr/sbin/nologin' });
    await expect(withConnection(targetOf(sshd, { user }), whoAmI)).rejects.toMatchObject({
      code: 'privilege-denied',
      message: expect.stringMatching(/login shell.*not available/) as unknown,
    });
  });
});

describe('the lock', () => {
  let sshd: Sshd;
  let places: ReturnType<typeof temporaryPlaces>;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(async () => {
    await sshd.stop();
  });
  beforeEach(() => {
    places = temporaryPlaces();
  });
  afterEach(() => {
    places.remove();
  });

  const settings = (overrides: Partial<Target> = {}): Target =>
    targetOf(sshd, { stateDirectory: places.state, ...overrides });

  it('is free soon after the process that had it was killed', async () => {
    const holder = await startLockHolder('ssh', settings(), ':', []);
    await withConnection(settings(), async (connection) => {
      expect(await connection.lock(bob)).toMatchObject({ held: false, holder: { run: 'elsewhere' } });
      await holder.kill();
      await whenFree(connection);
    });
  });

  it.each(['kill', 'freeze'] as const)(
    'is kept by what runs, when the process that had it was stopped (%s)',
    async (how) => {
      const { directory } = places;
      const holder = await startLockHolder('ssh', settings(), untilGo, [directory]);
      try {
        await holder[how]();
        await withConnection(settings(), async (connection) => {
          expect(await connection.lock(bob)).toMatchObject({ held: false, holder: { run: 'elsewhere' } });
          writeFileSync(join(directory, 'go'), '');
          await whenFree(connection);
          expect(existsSync(join(directory, 'done'))).toBe(true);
        });
      } finally {
        await holder.kill();
      }
    },
  );

  it('is root’s through sudo, and otherwise in the home directory of the user', async () => {
    const account = createAccount({ sudoers: 'ALL=(ALL) NOPASSWD: ALL' });
    try {
      await withConnection(settings({ user: account.name, become: 'sudo' }), async (root) => {
        expect(await root.lock(ada)).toEqual({ held: true });
        await withConnection(settings({ user: account.name }), async (user) => {
          expect(await user.lock(bob)).toEqual({ held: true });
          const { stdout } = await user.run({ script: 'ls -ld "$HOME/.local/state/plimsoll" "$PLIMSOLL_STATE/lock"' });
          expect(stdout).toMatch(
            new RegExp(`^drwx------ .* ${account.name} .*\\n-rw------- .* ${account.name} .*/plimsoll/lock\\n$`),
          );
          await user.run({ script: 'rm -r "$PLIMSOLL_STATE"; echo >"$PLIMSOLL_STATE"' });
        });
        await withConnection(settings({ user: account.name }), async (user) => {
          await expect(user.lock(bob)).rejects.toMatchObject({
            code: 'refused',
            message: expect.stringContaining('.local/state/plimsoll') as unknown,
          });
        });
        await withConnection(settings(), async (other) => {
          expect(await other.lock(bob)).toEqual({ held: false, holder: ada });
        });
      });
    } finally {
      account.remove();
    }
  });

  it('is refused in a directory that belongs to somebody else', async () => {
    const account = createAccount();
    try {
      mkdirSync(places.state, { recursive: true });
      execFileSync('chown', [account.name, places.state]);
      await withConnection(settings(), async (connection) => {
        await expect(connection.lock(ada)).rejects.toMatchObject({
          code: 'refused',
          message: expect.stringContaining('belongs to another user') as unknown,
        });
      });
    } finally {
      account.remove();
    }
  });
});

describe('host keys', () => {
  let sshd: Sshd;
  beforeAll(async () => {
    sshd = await startSshd({ hostKeyTypes: ['ed25519', 'rsa', 'ecdsa'] });
  });
  afterAll(async () => {
    await sshd.stop();
  });

  function knownHosts(...lines: readonly string[]): Partial<Target> {
    const file = join(sshd.directory, `known_hosts_${randomBytes(4).toString('hex')}`);
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    return { knownHostsFiles: [join(sshd.directory, 'no-such-file'), file] };
  }
  const name = (): string => `[127.0.0.1]:${String(sshd.port)}`;
  const key = (type: string): string => sshd.hostKeys.find((each) => each.startsWith(type)) ?? '';
  const otherKey = (): string => {
    const file = join(sshd.directory, `other_${randomBytes(4).toString('hex')}`);
    generateKey(file);
    return readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' ');
  };
  const connect = (overrides: Partial<Target>): Promise<string> =>
    withConnection(targetOf(sshd, overrides), (connection) => Promise.resolve(connection.info.hostKey));

  it('refuses an unknown key, with its fingerprint and a line that accepts it', async () => {
    const file = join(sshd.directory, 'empty');
    writeFileSync(file, '');
    const error = await connect({ knownHostsFiles: [file] }).catch((thrown: unknown) => thrown);
    const fingerprint =
      execFileSync('ssh-keygen', ['-lf', join(sshd.directory, 'host_ed25519.pub')])
        .toString()
        .split(' ')[1] ?? '?';
    expect(error).toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining(`ssh-ed25519 key ${fingerprint}`) as unknown,
    });
    const line = /run: (echo .*)$/.exec(String((error as { hint?: string }).hint))?.[1] ?? '';
    execFileSync('/bin/sh', ['-c', line]);
    expect(await connect({ knownHostsFiles: [file] })).toBe(fingerprint);
  });

  it.each(['ssh-ed25519', 'ssh-rsa', 'ecdsa-sha2-nistp256'])(
    'accepts a host that is known by its %s key alone',
    async (type) => {
      expect(await connect(knownHosts(`${name()} ${key(type)}`))).toMatch(/^SHA256:/);
    },
  );

  it('accepts hashed entries, made by us or by ssh-keygen', async () => {
    const salt = randomBytes(20);
    const hash = createHmac('sha1', salt).update(name()).digest('base64');
    expect(await connect(knownHosts(`|1|${salt.toString('base64')}|${hash} ${key('ssh-ed25519')}`))).toMatch(
      /^SHA256:/,
    );
    const file = join(sshd.directory, 'to_hash');
    writeFileSync(file, `${name()} ${key('ssh-rsa')}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' });
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/);
    expect(await connect({ knownHostsFiles: [file] })).toMatch(/^SHA256:/);
  });

  it('names the line of a key that has changed', async () => {
    const overrides = knownHosts('# comment', `${name()} ${otherKey()}`);
    await expect(connect(overrides)).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining(`${overrides.knownHostsFiles?.[1] ?? ''}:2`) as unknown,
    });
  });

  it('refuses a revoked key even when it is also known', async () => {
    await expect(
      connect(knownHosts(`${name()} ${key('ssh-ed25519')}`, `@revoked * ${key('ssh-ed25519')}`)),
    ).rejects.toMatchObject({ code: 'host-key-revoked' });
  });

  it('says that certificate authorities are not supported', async () => {
    await expect(connect(knownHosts(`@cert-authority * ${otherKey()}`))).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining('certificate') as unknown,
    });
  });
});

describe('logging in', () => {
  let sshd: Sshd;
  let account: Account;
  beforeAll(async () => {
    sshd = await startSshd();
    account = createAccount();
  });
  afterAll(async () => {
    await sshd.stop();
    account.remove();
  });

  it('uses a password', async () => {
    expect(
      await withConnection(
        targetOf(sshd, { user: account.name, identityFiles: [], password: new Secret(account.password) }),
        whoAmI,
      ),
    ).toBe(account.name);
  });

  it('uses an encrypted key with its passphrase, and says what is missing without', async () => {
    const file = join(sshd.directory, 'encrypted');
    generateKey(file, 'ed25519', 'open sesame');
    appendFileSync(`${sshd.identityFile}.pub`, readFileSync(`${file}.pub`, 'utf8'));
    expect(
      await withConnection(
        targetOf(sshd, { identityFiles: [file], identityPassphrase: new Secret('open sesame') }),
        whoAmI,
      ),
    ).toBe('root');
    await expect(withConnection(targetOf(sshd, { identityFiles: [file] }), whoAmI)).rejects.toMatchObject({
      code: 'auth-failed',
      message: expect.stringContaining('encrypted') as unknown,
    });
    await expect(
      withConnection(targetOf(sshd, { identityFiles: [file], identityPassphrase: new Secret('wrong') }), whoAmI),
    ).rejects.toMatchObject({
      code: 'auth-failed',
      message: expect.stringContaining('passphrase does not open it') as unknown,
    });
  });

  it('uses an agent with many keys, the configured one first', async () => {
    const socket = join(sshd.directory, 'agent');
    const agent = execFileSync('ssh-agent', ['-a', socket]).toString();
    const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(agent)?.[1]);
    try {
      const file = join(sshd.directory, 'in_agent');
      generateKey(file, 'ed25519', 'unknown to us');
      const plain = join(sshd.directory, 'plain');
      generateKey(plain);
      appendFileSync(`${sshd.identityFile}.pub`, readFileSync(`${plain}.pub`, 'utf8'));
      const environment = { ...process.env, SSH_AUTH_SOCK: socket };
      for (let index = 0; index < 7; index += 1) {
        generateKey(`${file}${String(index)}`);
        execFileSync('ssh-add', ['-q', `${file}${String(index)}`], { env: environment });
      }
      execFileSync('ssh-add', ['-q', plain], { env: environment });
      // Only the public half is there to be read: the agent must sign.
      writeFileSync(`${plain}_only.pub`, readFileSync(`${plain}.pub`));
      expect(
        await withConnection(targetOf(sshd, { agent: true, identityFiles: [`${plain}_only`] }), whoAmI, socket),
      ).toBe('root');
      await expect(
        withConnection(targetOf(sshd, { agent: true, identityFiles: [] }), whoAmI, socket),
      ).rejects.toMatchObject({ code: 'auth-failed' });
    } finally {
      process.kill(pid);
    }
  });

  it('says what it has tried when nothing is accepted', async () => {
    const file = join(sshd.directory, 'stranger');
    generateKey(file);
    const error = await withConnection(
      targetOf(sshd, { identityFiles: [file], password: new Secret('wrong-password') }),
      whoAmI,
    ).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'auth-failed',
      message: expect.stringMatching(
        new RegExp(`root@127.0.0.1:${String(sshd.port)}; tried key ${file}, password; the server accepts`),
      ) as unknown,
    });
    expect(String(error)).not.toContain('wrong-password');
  });
});

describe('a host that demands two factors', () => {
  const endings: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const ending of endings.splice(0).reverse()) await ending();
  });

  async function demanding(methods: string): Promise<{ readonly sshd: Sshd; readonly account: Account }> {
    const sshd = await startSshd({ config: [`AuthenticationMethods ${methods}`] });
    endings.push(() => sshd.stop());
    const account = createAccount();
    endings.push(() => {
      account.remove();
    });
    return { sshd, account };
  }
  const failedPasswords = (sshd: Sshd): number => sshd.log().split('Failed password').length - 1;
  const refused = (message: RegExp): unknown => ({
    code: 'auth-failed',
    message: expect.stringMatching(message) as unknown,
  });
  const attempt = (target: Target, agentSocket?: string): Promise<unknown> =>
    withConnection(target, whoAmI, agentSocket).catch((thrown: unknown) => thrown);

  it.each([
    ['publickey,password', ['right']],
    ['password,publickey', ['right']],
    ['publickey,password', ['stranger', 'right']],
    ['password,publickey', ['stranger', 'right']],
    ['password,publickey', ['right', 'stranger']],
    ['password,publickey publickey,password', ['right']],
    ['publickey,password,publickey', ['right', 'second']],
    ['password,publickey,publickey', ['stranger', 'right', 'second']],
  ])('lets in with %s and the keys %j', async (methods, keys) => {
    const { sshd, account } = await demanding(methods);
    const file = (name: string): string => (name === 'right' ? sshd.identityFile : join(sshd.directory, name));
    for (const name of ['stranger', 'second']) generateKey(file(name));
    appendFileSync(`${sshd.identityFile}.pub`, readFileSync(`${file('second')}.pub`, 'utf8'));
    expect(
      await withConnection(
        targetOf(sshd, { user: account.name, identityFiles: keys.map(file), password: new Secret(account.password) }),
        whoAmI,
      ),
    ).toBe(account.name);
    expect(sshd.log()).toContain('Partial');
    expect(failedPasswords(sshd)).toBe(0);
  });

  it.each(['publickey,password', 'password,publickey'])(
    'with %s is not let in with one factor, and a wrong password is sent once',
    async (methods) => {
      const {
        sshd,
        account: { name: user, password },
      } = await demanding(methods);
      const stranger = join(sshd.directory, 'stranger');
      generateKey(stranger);
      expect(await attempt(targetOf(sshd, { user }))).toMatchObject(
        refused(/tried .*; (?:the server accepts|key .* was right, and the server wants) /) as object,
      );
      expect(await attempt(targetOf(sshd, { user, identityFiles: [], password: new Secret(password) }))).toMatchObject(
        refused(/the server (?:accepts|wants) publickey/) as object,
      );
      expect(
        await attempt(targetOf(sshd, { user, identityFiles: [stranger], password: new Secret(password) })),
      ).toMatchObject(refused(/the server (?:accepts|wants) publickey/) as object);
      expect(failedPasswords(sshd)).toBe(0);
      const wrong = await attempt(targetOf(sshd, { user, password: new Secret('wrong-password') }));
      expect(wrong).toMatchObject(
        refused(
          /tried .*password.*; (?:the server accepts|key .* was right, and the server wants) .*password/,
        ) as object,
      );
      expect(JSON.stringify(wrong) + String(wrong)).not.toContain('wrong-password');
      expect(failedPasswords(sshd)).toBe(1);
    },
  );

  it.each(['publickey,password', 'password,publickey'])(
    'lets in with %s where the agent holds the key, and behind a bastion that demands the same',
    async (methods) => {
      const {
        sshd,
        account: { name: user, password },
      } = await demanding(methods);
      const socket = join(sshd.directory, 'agent');
      const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(execFileSync('ssh-agent', ['-a', socket]).toString())?.[1]);
      endings.push(() => {
        process.kill(pid);
      });
      execFileSync('ssh-add', ['-q', sshd.identityFile], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      const target = targetOf(sshd, { user, identityFiles: [], agent: true, password: new Secret(password) });
      expect(
        await withConnection({ ...target, name: 'inner', jump: { ...target, name: 'bastion' } }, whoAmI, socket),
      ).toBe(user);
    },
  );
});

describe('many hosts', () => {
  it('connects all of 60 to an sshd with the stock MaxStartups', async () => {
    const addresses = Array.from({ length: 60 }, (_, index) => `127.0.1.${String(index + 1)}`);
    // sshd takes at most 16 addresses to listen on, but the wildcard has all of them.
    const sshd = await startSshd({ listen: ['0.0.0.0'], config: ['MaxStartups 10:30:100'] });
    const transport = createSshTransport();
    const knownHostsFile = join(sshd.directory, 'all');
    writeFileSync(knownHostsFile, `127.0.1.*,[127.0.1.*]:${String(sshd.port)} ${sshd.hostKeys[0] ?? ''}\n`);
    const connections = await Promise.all(
      addresses.map((address) =>
        transport.connect(
          targetOf(sshd, { name: address, address, knownHostsFiles: [knownHostsFile], connectTimeoutMs: 30_000 }),
          never,
        ),
      ),
    );
    const outcomes = await Promise.all(connections.map((connection) => connection.run({ script: 'echo up' })));
    expect(outcomes.filter(({ stdout }) => stdout === 'up\n')).toHaveLength(60);
    await Promise.all(connections.map((connection) => connection.close()));
    await transport.close();
    await sshd.stop();
  });

  it('goes through one bastion connection to many hosts, and checks the keys of both', async () => {
    const bastion = await startSshd();
    const inner = await startSshd();
    const transport = createSshTransport({ startLimits: { initial: 2, maximum: 4 } });
    const jump = targetOf(bastion, { name: 'bastion' });
    const connections = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        transport.connect(targetOf(inner, { name: `inner-${String(index)}`, jump }), never),
      ),
    );
    expect(await Promise.all(connections.map(whoAmI))).toEqual(Array.from({ length: 8 }, () => 'root'));
    expect(bastion.log().split('Accepted publickey for').length - 1).toBe(1);
    await expect(transport.connect(targetOf(inner, { jump, knownHostsFiles: [] }), never)).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringContaining('web-1') as unknown,
    });
    await expect(
      transport.connect(targetOf(inner, { jump: { ...jump, name: 'other', knownHostsFiles: [] } }), never),
    ).rejects.toMatchObject({ code: 'host-key-unknown', message: expect.stringContaining('behind other') as unknown });
    await expect(transport.connect(targetOf(inner, { jump, port: 1 }), never)).rejects.toMatchObject({
      code: 'connection-refused',
    });
    await Promise.all(connections.map((connection) => connection.close()));
    await transport.close();
    await bastion.stop();
    await inner.stop();
  });
});

/** Looks for a secret in the argument lists of all processes, as any user of a host could. */
function sampleProcesses(secret: string): { stop(): { readonly samples: number; readonly hits: readonly string[] } } {
  const hits: string[] = [];
  let samples = 0;
  const timer = setInterval(() => {
    samples += 1;
    for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
      try {
        if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(secret)) hits.push(pid);
      } catch {
        // It has ended meanwhile.
      }
    }
  }, 5);
  return {
    stop: () => {
      clearInterval(timer);
      return { samples, hits };
    },
  };
}
