import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterEach, describe, expect, it } from 'vitest';
import { HostKeyCheck } from '../../src/transport/ssh/host-keys/host-key.ts';
import { parseKnownHosts } from '../../src/transport/ssh/host-keys/known-hosts.ts';
import { createSshTransport } from '../../src/transport/ssh/ssh-transport.ts';
import type { Connection, Target } from '../../src/transport/transport.ts';
import { Secret } from '../../src/values/secret.ts';
import { startTestSshServer, type TestSshServer, type TestSshServerOptions } from '../support/ssh-server.ts';
import { never, testTarget } from '../support/target.ts';

describe('connecting by ssh', () => {
  const endings: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  async function serve(options?: TestSshServerOptions): Promise<TestSshServer> {
    const server = await startTestSshServer(options);
    endings.push(() => server.stop());
    return server;
  }
  async function connect(
    { address, port, identityFile, knownHostsFile }: TestSshServer,
    overrides: Partial<Target> = {},
    signal = never,
  ): Promise<Connection> {
    const transport = createSshTransport();
    endings.push(() => transport.close());
    const connection = await transport.connect(
      testTarget({ address, port, identityFiles: [identityFile], knownHostsFiles: [knownHostsFile], ...overrides }),
      signal,
    );
    endings.push(() => connection.close());
    return connection;
  }

  it('tells the host key, the server and the user', async () => {
    const connection = await connect(await serve(), { user: userInfo().username });
    expect(connection.info).toEqual({
      hostKey: expect.stringMatching(/^SHA256:[\w+/]{43}$/) as unknown,
      publicKey: expect.stringMatching(/^ssh-ed25519 [\w+/]+=*$/) as unknown,
      server: expect.stringMatching(/ssh2js/) as unknown,
      runsAs: (await connection.run({ script: 'id -un' })).stdout.trim(),
    });
  });

  it('sends all the commands of one turn through one session', async () => {
    const server = await serve();
    const connection = await connect(server);
    await Promise.all(Array.from({ length: 20 }, () => connection.run({ script: ':' })));
    expect([server.accepted(), server.sessions()]).toEqual([1, 1]);
  });

  it('tries again when the server drops connections before authentication', async () => {
    const server = await serve({ dropFirst: 4 });
    expect((await (await connect(server)).run({ script: 'echo up' })).stdout).toBe('up\n');
    expect(server.accepted()).toBe(5);
  });

  it('gives up on a server that always drops, after six tries and its time', async () => {
    const server = await serve({ dropFirst: 1000 });
    await expect(connect(server, { connectTimeoutMs: 100 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(/closed the connection before authentication, \d+ times/) as unknown,
    });
    expect(server.accepted()).toBeGreaterThanOrEqual(6);
  });

  it('names MaxStartups where the server does, and tries again', async () => {
    const dropWith = 'Exceeded MaxStartups\r\n';
    const server = await serve({ dropFirst: 4, dropWith });
    expect((await (await connect(server)).run({ script: 'echo up' })).stdout).toBe('up\n');
    await expect(connect(await serve({ dropFirst: 1000, dropWith }), { connectTimeoutMs: 2000 })).rejects.toMatchObject(
      {
        message: expect.stringMatching(/too many logins that are not finished, .*, \d+ times$/) as unknown,
        hint: expect.stringContaining('Raise MaxStartups') as unknown,
      },
    );
  });

  it.each([
    ['Not allowed at this time\r\n', /refuses connections from this address at this time$/, /PerSourcePenalty/],
    ['HTTP/1.1 400 Bad\u001B[1m Request\r\n\r\n', /it said "HTTP\/1\.1 400 Bad[^\u001B]*Request"$/, /address and port/],
  ])('does not try again where the server says %j', async (dropWith, message, hint) => {
    const server = await serve({ dropFirst: 1000, dropWith });
    await expect(connect(server)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringMatching(message) as unknown,
      hint: expect.stringMatching(hint) as unknown,
    });
    expect(server.accepted()).toBe(1);
  });

  it('refuses a host key that it does not know', async () => {
    const server = await serve();
    await expect(connect(server, { knownHostsFiles: [] })).rejects.toMatchObject({
      code: 'host-key-unknown',
      message: expect.stringMatching(/ssh-ed25519 key SHA256:/) as unknown,
      hint: expect.stringContaining(server.hostKey) as unknown,
    });
  });

  it('refuses a host key that has changed, and names the line of the old one', async () => {
    const server = await serve();
    const file = join(server.directory, 'changed');
    writeFileSync(file, `[127.0.0.1]:${String(server.port)} ${ssh2.utils.generateKeyPairSync('ed25519').public}\n`);
    await expect(connect(server, { knownHostsFiles: [file] })).rejects.toMatchObject({
      code: 'host-key-changed',
      message: expect.stringContaining(`${file}:1`) as unknown,
    });
  });

  it('gives ssh2 nothing but real booleans, and refuses what it cannot read', async () => {
    const server = await serve();
    const target = testTarget({ address: '127.0.0.1', port: server.port });
    const known = parseKnownHosts(`[127.0.0.1]:${String(server.port)} ${server.hostKey}`, 'f');
    const key = Buffer.from(server.hostKey.split(' ')[1] ?? '', 'base64');
    const check = new HostKeyCheck(target, known);
    expect(check.verify(key)).toBe(true);
    expect(check.verify(Buffer.from('nonsense of more than four bytes'))).toBe(false);
    expect(check.verify(Buffer.alloc(0))).toBe(false);
    expect(check.refusal).toMatchObject({ code: 'host-key-unknown' });
    expect(new HostKeyCheck(target, []).verify(key)).toBe(false);
  });

  it('logs in with a password, and says what was tried when that fails', async () => {
    const server = await serve({ password: 'right' });
    await connect(server, { identityFiles: [], password: new Secret('right') });
    const error: unknown = await connect(server, { identityFiles: [], password: new Secret('wrong-one') }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: 'auth-failed',
      message: expect.stringMatching(
        /could not log in as root@127\.0\.0\.1:\d+; tried .*password; the server accepts publickey, password/,
      ) as unknown,
    });
    expect(String(error)).not.toContain('wrong-one');
  });

  it('says why there is nothing to log in with', async () => {
    const server = await serve();
    const encrypted = join(server.directory, 'encrypted');
    writeFileSync(
      encrypted,
      ssh2.utils.generateKeyPairSync('ed25519', { passphrase: 'open', cipher: 'aes256-ctr', rounds: 1 }).private,
    );
    const publicOnly = join(server.directory, 'public');
    writeFileSync(publicOnly, `${server.hostKey}\n`);
    const identityFiles = [join(server.directory, 'missing'), encrypted, publicOnly];
    await expect(connect(server, { identityFiles })).rejects.toMatchObject({
      code: 'auth-failed',
      message: expect.stringMatching(
        /missing: there is no such file; .*encrypted: it is encrypted and no passphrase is set; .*public: it is a public key/,
      ) as unknown,
      hint: expect.stringContaining('identity_passphrase') as unknown,
    });
    expect(server.accepted()).toBe(0);
    await expect(
      connect(server, { identityFiles: [encrypted], identityPassphrase: new Secret('wrong') }),
    ).rejects.toMatchObject({
      code: 'auth-failed',
      message: expect.stringContaining('the passphrase does not open it') as unknown,
    });
  });

  it('says that a port is closed, that a name has no address, or that nothing answers', async () => {
    const server = await serve();
    const closed = await serve();
    await closed.stop();
    endings.pop();
    await expect(connect(server, { port: closed.port })).rejects.toMatchObject({
      code: 'connection-refused',
      message: expect.stringContaining(String(closed.port)) as unknown,
    });
    await expect(connect(server, { address: 'no-such-host.invalid' })).rejects.toMatchObject({ code: 'unreachable' });
    const silent = createServer();
    await new Promise<void>((resolve) => {
      silent.listen(closed.port, '127.0.0.1', resolve);
    });
    await expect(connect(server, { port: closed.port, connectTimeoutMs: 200 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('did not answer within 0.2 s') as unknown,
    });
    silent.close();
  });

  it('can be interrupted', async () => {
    const server = await serve({ onExec: () => undefined });
    await expect(connect(server, {}, AbortSignal.abort())).rejects.toMatchObject({ code: 'interrupted' });
    const controller = new AbortController();
    const connecting = connect(server, {}, controller.signal);
    setTimeout(() => {
      controller.abort();
    }, 200);
    await expect(connecting).rejects.toMatchObject({ code: 'interrupted' });
  });

  it('says when the login shell does not answer, or refuses', async () => {
    const silent = await serve({ onExec: () => undefined });
    await expect(connect(silent, { connectTimeoutMs: 500 })).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('the login shell of root did not answer within 0.5 s') as unknown,
    });
    const refusing = await serve({ loginShell: ['/bin/sh', '-c', 'echo This account is not available.; exit 1'] });
    await expect(connect(refusing)).rejects.toMatchObject({
      code: 'privilege-denied',
      message: expect.stringContaining('This account is not available.') as unknown,
    });
  });

  it('is not confused by what rc files print', async () => {
    const server = await serve({
      loginShell: ['/bin/sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" x; echo noise >&2; eval "$0"'],
    });
    const connection = await connect(server);
    expect(await connection.run({ script: 'echo clean' })).toEqual({
      status: 0,
      stdout: 'clean\n',
      stderr: '',
      droppedBytes: 0,
    });
  });

  it("looks for programs in the system's directories first, and never in one that is not absolute", async () => {
    const shadow = mkdtempSync(join(tmpdir(), 'plimsoll-shadow-'));
    endings.push(() => rm(shadow, { recursive: true }));
    for (const name of ['tar', 'only-here'])
      writeFileSync(join(shadow, name), '#!/bin/sh\necho shadow\n', { mode: 0o755 });
    const server = await serve({
      loginShell: ['/bin/sh', '-c', `PATH=${shadow}:.::bin:/nonexistent/\\*:$PATH; export PATH; eval "$0"`],
    });
    const connection = await connect(server);
    const { stdout } = await connection.run({ script: 'command -v tar; only-here; printf "%s\\n" "$PATH"' });
    const [tar, own, path = ''] = stdout.split('\n');
    expect([tar, own]).toEqual([expect.stringMatching(/^\/(?:usr\/)?bin\/tar$/), 'shadow']);
    expect(path.split(':').slice(0, 8)).toEqual([
      '/usr/local/sbin',
      '/usr/local/bin',
      '/usr/sbin',
      '/usr/bin',
      '/sbin',
      '/bin',
      shadow,
      '/nonexistent/*',
    ]);
    expect(path.split(':').every((directory) => directory.startsWith('/'))).toBe(true);
    expect((await connection.stream({ script: 'printf "%s\\n" "$PATH"' }, {})).stdout).toBe(`${path}\n`);
  });

  it('notices a host that has gone without a word, and does not wait for its goodbye', async () => {
    const server = await serve();
    const transport = createSshTransport({ keepalive: { intervalMs: 100, count: 3 } });
    const { address, port, identityFile, knownHostsFile } = server;
    const target = testTarget({ address, port, identityFiles: [identityFile], knownHostsFiles: [knownHostsFile] });
    const connection = await transport.connect(target, never);
    const run = connection.run(
      { script: 'echo started; sleep 5' },
      {
        onOutput: () => {
          server.freeze();
        },
      },
    );
    await expect(run).rejects.toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('outcome is not known') as unknown,
    });
    expect(await connection.closed).toMatchObject({
      code: 'connection-lost',
      message: expect.stringContaining('Keepalive') as unknown,
    });
    const patient = await createSshTransport().connect(target, never);
    server.freeze();
    await patient.close();
  });

  it('reaches a host through a bastion', async () => {
    const bastion = await serve();
    const inner = await serve();
    const jump = testTarget({
      name: 'bastion',
      address: bastion.address,
      port: bastion.port,
      identityFiles: [bastion.identityFile],
      knownHostsFiles: [bastion.knownHostsFile],
    });
    const connection = await connect(inner, { jump });
    expect((await connection.run({ script: 'echo through' })).stdout).toBe('through\n');
    expect(bastion.accepted()).toBe(1);
    bastion.cut();
    expect(await connection.closed).toMatchObject({ code: 'connection-lost' });
  });
});
