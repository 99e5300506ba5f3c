// lab: 45 s, src/transport/ssh/
import { execFile } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { createSshTransport } from '../../../src/transport/ssh/ssh-transport.ts';
import { Secret } from '../../../src/values/secret.ts';
import { type Account, createAccount, missingForAccounts } from '../../support/accounts.ts';
import { missingSshd, type Sshd, startSshd } from '../../support/sshd.ts';
import { never, testTarget } from '../../support/target.ts';
import { type Server, type Situation, situations } from './connection-rows.ts';

const missing = missingSshd() ?? missingForAccounts();
if (missing !== undefined) throw new Error(`the tests with a real sshd cannot run: ${missing}`);

const run = promisify(execFile);
const phrase = 'open sesame';

/** What each of the two came to: in, or what it said. */
interface Outcome {
  readonly in: boolean;
  readonly said: string;
}

describe('whoever ssh reaches', () => {
  let directory: string;
  const servers = new Map<string, Promise<Sshd>>();
  const agents = new Map<string, Promise<string>>();
  const pids: number[] = [];
  const accounts = new Map<string, Account>();

  const file = (name: string): string => join(directory, name);
  const keygen = (...args: readonly string[]): Promise<unknown> => run('ssh-keygen', ['-q', ...args]);
  const publicKey = (name: string): string =>
    readFileSync(file(`${name}.pub`), 'utf8')
      .split(' ', 2)
      .join(' ');
  const convert = async (from: string, to: string, ...args: readonly string[]): Promise<void> => {
    copyFileSync(file(from), file(to));
    copyFileSync(file(`${from}.pub`), file(`${to}.pub`));
    await keygen('-p', '-P', '', '-f', file(to), ...args);
  };

  async function makeKeys(): Promise<void> {
    const make = (name: string, type: string, bits?: number): Promise<unknown> =>
      keygen('-t', type, ...(bits === undefined ? [] : ['-b', String(bits)]), '-N', '', '-C', name, '-f', file(name));
    await Promise.all([
      ...['ed25519', 'stranger', 'other', 'a1', 'a2', 'a3', 'a4', 'a5', 'a6', 'host_ed25519'].map((name) =>
        make(name, 'ed25519'),
      ),
      make('rsa2048', 'rsa', 2048),
      make('rsa4096', 'rsa', 4096),
      make('host_rsa', 'rsa', 2048),
      make('host_ecdsa', 'ecdsa', 256),
      ...[256, 384, 521].map((bits) => make(`ecdsa${String(bits)}`, 'ecdsa', bits)),
    ]);
    const locked = ['-N', phrase, '-a', '1'];
    const open = ['-N', ''];
    await Promise.all([
      ...['ed25519', 'rsa2048', 'ecdsa521'].map((key) => convert(key, `${key}.locked`, ...locked)),
      convert('ed25519', 'ed25519.gcm', ...locked, '-Z', 'aes256-gcm@openssh.com'),
      convert('ed25519', 'ed25519.chacha', ...locked, '-Z', 'chacha20-poly1305@openssh.com'),
      convert('rsa2048', 'rsa2048.pem', ...open, '-m', 'PEM'),
      convert('rsa2048', 'rsa2048.pkcs8', ...open, '-m', 'PKCS8'),
      convert('ecdsa256', 'ecdsa256.pem', ...open, '-m', 'PEM'),
      convert('ecdsa384', 'ecdsa384.pkcs8', ...open, '-m', 'PKCS8'),
      convert('rsa2048', 'rsa2048.pem.locked', ...locked, '-m', 'PEM'),
      convert('ecdsa256', 'ecdsa256.pem.locked', ...locked, '-m', 'PEM'),
      convert('rsa2048', 'rsa2048.pkcs8.locked', ...locked, '-m', 'PKCS8'),
      convert('ecdsa256', 'ecdsa256.pkcs8.locked', ...locked, '-m', 'PKCS8'),
      run('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', file('ed25519.pkcs8')]),
    ]);
    copyFileSync(file('ed25519.pub'), file('ed25519.only.pub'));
    const der = (
      await run('openssl', ['pkey', '-in', file('ed25519.pkcs8'), '-pubout', '-outform', 'DER'], { encoding: 'buffer' })
    ).stdout;
    const string = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
    const blob = Buffer.concat([string(Buffer.from('ssh-ed25519')), string(der.subarray(-32))]);
    writeFileSync(file('ed25519.pkcs8.pub'), `ssh-ed25519 ${blob.toString('base64')}\n`);
    writeFileSync(file('authorized'), '');
    for (const name of ['ed25519', 'rsa2048', 'rsa4096', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'ed25519.pkcs8'])
      appendFileSync(file('authorized'), `${publicKey(name)}\n`);
  }

  function makeAccounts(): void {
    const noise = 'echo "noise on standard output"; echo "and on the other" >&2\n';
    const shells: Readonly<Record<string, string>> = {
      bash: '/bin/bash',
      fish: '/usr/bin/fish',
      csh: '/bin/csh',
      nologin: '/usr/sbin/nologin',
    };
    for (const name of ['plain', 'expired', 'old', ...Object.keys(shells)])
      accounts.set(name, createAccount({ shell: shells[name] ?? '/bin/sh' }));
    const nameOf = (name: string): string => accounts.get(name)?.name ?? '';
    writeFileSync(`/home/${nameOf('bash')}/.bashrc`, noise);
    writeFileSync(`/home/${nameOf('csh')}/.cshrc`, 'echo "noise on standard output"\n');
  }

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'plimsoll-connections-'));
    await run('chmod', ['755', directory]);
    await makeKeys();
    makeAccounts();
    await run('chage', ['-E', '0', accounts.get('expired')?.name ?? '']);
    await run('chage', ['-d', '0', accounts.get('old')?.name ?? '']);
    writeFileSync(file('banner'), 'Authorised use only.\nPassword:\n');
    writeFileSync(
      file('askpass'),
      '#!/bin/sh\ncase $1 in *passphrase*) echo "$PHRASE" ;; *) echo "$PASSWORD" ;; esac\n',
      {
        mode: 0o755,
      },
    );
  });
  afterAll(async () => {
    for (const server of servers.values()) await (await server).stop();
    for (const pid of pids) process.kill(pid);
    for (const account of accounts.values()) account.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  function serverFor({ sshd = [], listen = '127.0.0.1' }: Situation): Promise<Sshd> {
    const id = JSON.stringify([sshd, listen]);
    const known = servers.get(id);
    if (known !== undefined) return known;
    const server = startSshd({
      listen: [listen.includes(':') ? `[${listen}]` : listen],
      hostKeyTypes: [],
      config: [
        ...sshd.map((line) => line.replace('BANNER', file('banner'))),
        `AuthorizedKeysFile ${file('authorized')}`,
        ...['ed25519', 'rsa', 'ecdsa'].map((type) => `HostKey ${file(`host_${type}`)}`),
      ],
    });
    servers.set(id, server);
    return server;
  }

  function agentWith(keys: readonly string[]): Promise<string> {
    const id = keys.join('+');
    const started = async (): Promise<string> => {
      const socket = file(`agent-${id}`);
      const { stdout } = await run('ssh-agent', ['-a', socket]);
      pids.push(Number(/SSH_AGENT_PID=(\d+)/.exec(stdout)?.[1]));
      await run('ssh-add', ['-q', ...keys.map(file)], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
      return socket;
    };
    const known = agents.get(id) ?? started();
    agents.set(id, known);
    return known;
  }

  async function tryBoth(situation: Situation): Promise<{ readonly ssh: Outcome; readonly plimsoll: Outcome }> {
    const { user = 'plain', keys = ['ed25519'], ssh = [], target = {} } = situation;
    const { port } = await serverFor(situation);
    const address = situation.listen ?? '127.0.0.1';
    const account = accounts.get(user);
    const login = account?.name ?? user;
    const server: Server = {
      address,
      port,
      keys: {
        ed25519: publicKey('host_ed25519'),
        rsa: publicKey('host_rsa'),
        ecdsa: publicKey('host_ecdsa'),
        other: publicKey('other'),
      },
    };
    const knownHostsFile = file(`known-${String(situations.indexOf(situation))}`);
    const { ed25519, rsa, ecdsa } = server.keys;
    const lines =
      situation.known?.(server) ?? [ed25519, rsa, ecdsa].map((key) => `[${address}]:${String(port)} ${key}`);
    writeFileSync(knownHostsFile, lines.map((line) => `${line}\n`).join(''));
    const agent = situation.agent === undefined ? undefined : await agentWith(situation.agent);
    const password = situation.password === 'right' ? account?.password : situation.password && 'not this one';
    const passphrase = situation.phrase === 'right' ? phrase : situation.phrase && 'not this one';

    const options = [
      `UserKnownHostsFile=${knownHostsFile}`,
      'GlobalKnownHostsFile=/dev/null',
      'StrictHostKeyChecking=yes',
      'NumberOfPasswordPrompts=1',
      'ConnectTimeout=10',
      ...(situation.agent === undefined ? ['IdentitiesOnly=yes'] : []),
      ...(password === undefined && passphrase === undefined ? ['BatchMode=yes'] : []),
    ].flatMap((option) => ['-o', option]);
    const identities = (keys.length === 0 ? ['none'] : keys).flatMap((key) => ['-i', key === 'none' ? key : file(key)]);
    const bySsh = run(
      'ssh',
      ['-F', 'none', ...options, ...ssh, ...identities, '-p', String(port), `${login}@${address}`, 'id -un'],
      {
        env: {
          PATH: process.env['PATH'],
          SSH_ASKPASS: file('askpass'),
          SSH_ASKPASS_REQUIRE: 'force',
          PASSWORD: password ?? '',
          PHRASE: passphrase ?? '',
          ...(agent === undefined ? {} : { SSH_AUTH_SOCK: agent }),
        },
      },
    ).then(
      ({ stdout }) => ({ in: stdout.trim().endsWith(login), said: stdout }),
      (error: unknown) => ({ in: false, said: String(error) }),
    );
    const transport = createSshTransport(agent === undefined ? {} : { agentSocket: agent });
    const connecting = async (): Promise<Outcome> => {
      try {
        const connection = await transport.connect(
          testTarget({
            address,
            port,
            user: login,
            identityFiles: keys.map(file),
            agent: agent !== undefined,
            knownHostsFiles: [knownHostsFile],
            connectTimeoutMs: 10_000,
            ...(password === undefined ? {} : { password: new Secret(password) }),
            ...(passphrase === undefined ? {} : { identityPassphrase: new Secret(passphrase) }),
            ...target,
          }),
          never,
        );
        const { stdout } = await connection.run({ script: 'id -un' });
        await connection.close();
        return { in: stdout.trim() === login, said: stdout };
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        return { in: false, said: `${error.code}: ${error.message}\n${error.hint ?? ''}` };
      } finally {
        await transport.close();
      }
    };
    // One after the other: what a server counts, it counts for each.
    const seen = await bySsh;
    return { ssh: seen, plimsoll: await connecting() };
  }

  it('has at least 60 situations', () => {
    expect(situations.length).toBeGreaterThanOrEqual(60);
    expect(new Set(situations.map(({ name }) => name)).size).toBe(situations.length);
  });

  it.concurrent.each(situations)('$name', async (situation: Situation) => {
    const { ends } = situation;
    const { ssh, plimsoll } = await tryBoth(situation);
    const wanted =
      ends === 'both' ? { ssh: true, plimsoll: true } : { ssh: 'ssh' in ends, plimsoll: 'plimsoll' in ends };
    expect({ ssh: ssh.in, plimsoll: plimsoll.in }, `ssh: ${ssh.said}\nplimsoll: ${plimsoll.said}`).toEqual(wanted);
    if (ends !== 'both' && 'neither' in ends) expect(plimsoll.said).toMatch(ends.neither);
    if (ends !== 'both' && 'ssh' in ends) expect(plimsoll.said).toMatch(ends.ssh);
  });
});
