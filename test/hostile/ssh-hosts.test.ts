import { readFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limit } from '../../lab/pace.ts';
import { AppError, neverReached } from '../../src/errors.ts';
import { asksForPassword } from '../../src/transport/ssh/password.ts';
import { createSshTransport } from '../../src/transport/ssh/ssh-transport.ts';
import type { Target } from '../../src/transport/transport.ts';
import { Secret } from '../../src/values/secret.ts';
import { startTestSshServer } from '../support/ssh-server.ts';
import { never, testTarget } from '../support/target.ts';
import { startAgentThatNeverSigns, startHostileAgent } from './agents.ts';
import { type HostileServer, startHostileServer } from './hostile-server.ts';
import { type HostileHost, hostileHosts, loginPassword, sudoPassword } from './ssh-hosts.ts';

/** Long enough for an honest handshake beside all the others on a machine that is busy. */
const connectTimeoutMs = limit(4000);

/** What was thrown; a success is nothing. */
function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

function targetOf(host: HostileHost, { address, port, identityFile, knownHostsFile }: HostileServer): Target {
  const own = testTarget({
    name: host.bastion === true ? `${host.name}-bastion` : host.name,
    address,
    port,
    user: 'ops',
    knownHostsFiles: [knownHostsFile],
    connectTimeoutMs,
    ...(host.login === 'password' ? { password: new Secret(loginPassword) } : { identityFiles: [identityFile] }),
    ...(host.sudo === true ? { become: 'sudo', becomePassword: new Secret(sudoPassword) } : {}),
  });
  return host.bastion === true ? { ...own, name: host.name, address: '192.0.2.1', port: 22, jump: own } : own;
}

describe('hosts that lie on the way to the ready shell', () => {
  const ended = new Map<string, { readonly error: unknown; readonly server: HostileServer }>();
  const hosts = hostileHosts.filter(({ later }) => later !== true);

  // All at once: none keeps another from its end.
  beforeAll(async () => {
    const transport = createSshTransport();
    await Promise.all(
      hosts.map(async (host) => {
        const server = await startHostileServer(host.behaviour);
        const used = async (): Promise<void> => {
          const connection = await transport.connect(targetOf(host, server), never);
          await connection.run({ script: ':' }).finally(() => connection.close());
        };
        ended.set(host.name, { error: await thrownBy(used()), server });
      }),
    );
    await transport.close();
  });
  afterAll(async () => {
    await Promise.all([...ended.values()].map(({ server }) => server.stop()));
  });

  it.each(hosts.map((host) => [host.name, host] as const))('%s', (name, { ends, passwords = 0 }) => {
    const { error, server } = ended.get(name) ?? {};
    expect(error).toBeInstanceOf(AppError);
    expect(neverReached(error as AppError)).toMatchObject({
      code: ends.code,
      message: expect.stringMatching(ends.message),
      hint: expect.stringMatching(/./),
    });
    expect(server?.heard.passwords.filter((text) => text !== '')).toHaveLength(passwords);
  });

  it.each(hosts.map((host) => [host.name, host] as const))('%s can be interrupted', async (_name, host) => {
    const server = await startHostileServer(host.behaviour);
    const transport = createSshTransport();
    const controller = new AbortController();
    const jump = targetOf(host, server).jump;
    const patient = {
      ...targetOf(host, server),
      connectTimeoutMs: limit(600_000),
      ...(jump === undefined ? {} : { jump: { ...jump, connectTimeoutMs: limit(600_000) } }),
    };
    const connecting = thrownBy(
      transport
        .connect(patient, controller.signal)
        .then((connection) =>
          connection.run({ script: ':' }, { signal: controller.signal }).finally(() => connection.close()),
        ),
    );
    await expect.poll(() => server.heard.connections).toBeGreaterThan(0);
    controller.abort();
    const error = await connecting;
    // Those that end by themselves may have done so before.
    expect([ends(host), 'interrupted']).toContain(
      error instanceof AppError && error.code !== 'interrupted' ? neverReached(error).code : 'interrupted',
    );
    await transport.close();
    await server.stop();
  });
});

function ends({ ends: { code } }: HostileHost): string {
  return code;
}

describe('an ssh-agent', () => {
  it('that does not answer is gone on without, and that is said once', async () => {
    const [agent, server] = [await startHostileAgent(), await startTestSshServer()];
    const warnings: string[] = [];
    const transport = createSshTransport({
      agentSocket: agent.socket,
      onSilentAgent: (warning) => warnings.push(warning),
    });
    const target = testTarget({
      address: server.address,
      port: server.port,
      agent: true,
      identityFiles: [server.identityFile],
      knownHostsFiles: [server.knownHostsFile],
    });
    const connections = await Promise.all([transport.connect(target, never), transport.connect(target, never)]);
    expect(warnings).toEqual(['the ssh-agent did not answer within 3 s: connecting without it']);
    expect(agent.asked()).toBe(1);
    await expect(transport.connect({ ...target, identityFiles: [] }, never)).rejects.toMatchObject({
      code: 'auth-failed',
      message: expect.stringContaining('the ssh-agent does not answer'),
    });
    await Promise.all(connections.map((connection) => connection.close()));
    await transport.close();
    await server.stop();
    await agent.stop();
  });

  it('that does not answer can be interrupted', async () => {
    const agent = await startHostileAgent();
    const transport = createSshTransport({ agentSocket: agent.socket });
    const controller = new AbortController();
    const connecting = thrownBy(transport.connect(testTarget({ agent: true }), controller.signal));
    await expect.poll(() => agent.asked()).toBe(1);
    controller.abort();
    expect(await connecting).toMatchObject({ code: 'interrupted' });
    await transport.close();
    await agent.stop();
  });

  it('that never signs is named', async () => {
    const server = await startTestSshServer();
    const parsed = ssh2.utils.parseKey(readFileSync(server.identityFile));
    if (parsed instanceof Error) throw parsed;
    const agent = await startAgentThatNeverSigns(parsed.getPublicSSH());
    const transport = createSshTransport({ agentSocket: agent.socket });
    const target = testTarget({
      address: server.address,
      port: server.port,
      agent: true,
      knownHostsFiles: [server.knownHostsFile],
      connectTimeoutMs: limit(1000),
    });
    await expect(transport.connect(target, never)).rejects.toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('the ssh-agent, or the server, did not answer for agent key a key within'),
      hint: expect.stringContaining('agent: false'),
    });
    await transport.close();
    await server.stop();
    await agent.stop();
  });
});

describe('a question', () => {
  it.each([
    'Password: ',
    'password for ops:',
    "ops@new-web-1's password: ",
    '(ops@pin-1) Password: ',
    'LDAP Password:',
    'Passwort: ',
    'Mot de passe :',
    'Contraseña: ',
    'Пароль: ',
    'パスワード:',
    '密码：',
    'New policy: be quiet.\nPassword: ',
  ])('%j is for the password', (prompt) => {
    expect(asksForPassword({ prompt, echo: false })).toBe(true);
  });

  it.each([
    'New password: ',
    'Retype new password:',
    'Current password: ',
    '(current) UNIX password: ',
    'Verification code: ',
    'Password & verification code: ',
    "One-time password (OATH) for `ops': ",
    'OTP password: ',
    'Token password:',
    'PIN: ',
    'Passcode: ',
    'Duo two-factor login',
    '[sudo] password for root: ',
    "Enter passphrase for key '/root/.ssh/id': ",
    'Neues Passwort: ',
    'Nouveau mot de passe : ',
    'Nueva contraseña: ',
    'Новый пароль: ',
    '新しいパスワード:',
    'Are you sure?',
    '',
    'Confirm password',
  ])('%j is not', (prompt) => {
    expect(asksForPassword({ prompt, echo: false })).toBe(false);
  });

  it('that is echoed is not', () => {
    expect(asksForPassword({ prompt: 'Password: ', echo: true })).toBe(false);
  });
});
