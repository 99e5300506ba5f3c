import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { limit } from '../../lab/pace.ts';
import { besideNames, main } from '../support/plimsoll.ts';
import { startTestSshServer } from '../support/ssh-server.ts';
import { startHostileAgent } from './agents.ts';
import { type HostileServer, startHostileServer } from './hostile-server.ts';
import { entriesOf } from './inventory-entries.ts';
import { pretendShell } from './pretended-shell.ts';
import { type HostileHost, hostileHosts, loginPassword, sudoPassword } from './ssh-hosts.ts';

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;
  stdout(): string;
}

/** A directory with an inventory and a playbook, in which the built program runs. */
function scene(
  hosts: Readonly<Record<string, object>>,
  steps: readonly object[] = [{ command: ['sh', '-c', 'echo done'] }],
): { readonly begin: (args: readonly string[], env?: NodeJS.ProcessEnv) => Running } {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-hostile-run-'));
  endings.push(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  writeFileSync(join(directory, 'inventory.yaml'), JSON.stringify({ hosts }));
  writeFileSync(
    join(directory, 'playbook.yaml'),
    JSON.stringify({
      hosts: Object.keys(hosts).some((name) => name.endsWith('-bastion')) ? 'all:!*-bastion' : 'all',
      steps,
    }),
  );
  const begin = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Running => {
    const child = spawn(process.execPath, [main, ...args], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        SSH_AUTH_SOCK: undefined,
        XDG_STATE_HOME: join(directory, 'state'),
        HOME: directory,
        ...env,
      },
    });
    endings.push(() => child.kill('SIGKILL'));
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve, reject) =>
      child.once('error', reject).once('close', (code) => {
        resolve({ code, stdout, stderr });
      }),
    );
    return { child, ended, stdout: () => stdout };
  };
  return { begin };
}

async function honest(name: string): Promise<Readonly<Record<string, object>>> {
  const server = await startTestSshServer();
  endings.push(() => server.stop());
  return {
    [name]: {
      address: server.address,
      port: server.port,
      user: 'ops',
      agent: false,
      identity_file: server.identityFile,
      known_hosts_file: server.knownHostsFile,
      state_directory: join(server.directory, 'state'),
      connect_timeout: limit(30_000) / 1000,
    },
  };
}

async function serve(behaviour: HostileHost['behaviour']): Promise<HostileServer> {
  const server = await startHostileServer(behaviour);
  endings.push(() => server.stop());
  return server;
}

const finished = z.object({
  type: z.literal('host.finished'),
  host: z.string(),
  status: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
type Finished = z.infer<typeof finished>;

function endsIn(stdout: string): ReadonlyMap<string, Finished> {
  return new Map(
    stdout
      .trim()
      .split('\n')
      .flatMap((line) => finished.safeParse(JSON.parse(line)).data ?? [])
      .map((event) => [event.host, event]),
  );
}

it('two honest hosts are planned and applied beside all that lie, each of which ends in a line of its own', async () => {
  const servers = await Promise.all(hostileHosts.map(async (host) => entriesOf(host, await serve(host.behaviour))));
  const { begin } = scene(
    Object.assign({}, await honest('first'), ...servers, await honest('last')) as Record<string, object>,
  );
  const { code, stdout, stderr } = await begin(['apply', 'playbook.yaml', '--yes', '--output', 'json']).ended;
  const ends = endsIn(stdout);
  expect(code, stderr).toBe(1);
  for (const name of ['first', 'last']) expect(ends.get(name)).toMatchObject({ status: 'changed' });
  for (const {
    name,
    ends: { code: expected, status, message },
  } of hostileHosts) {
    expect(ends.get(name), name).toMatchObject({
      status,
      error: { code: expected, message: expect.stringMatching(message) },
    });
  }
  for (const secret of [loginPassword, sudoPassword]) expect(stdout).not.toContain(secret);
  expect(`${stdout}${stderr.replaceAll('\n', '')}`).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
});

it('ping ends with 3 for a host that never confirms a channel, and says of the others how they are', async () => {
  const [stalled] = hostileHosts.filter(({ name }) => name === 'no-channel');
  if (stalled === undefined) throw new Error('there is none');
  const { begin } = scene({ ...entriesOf(stalled, await serve(stalled.behaviour)), ...(await honest('good')) });
  const { code, stdout } = await begin(['ping', '-v']).ended;
  expect(code).toBe(3);
  expect(stdout).toMatch(/^good: ok in /m);
  expect(stdout).toMatch(
    /^no-channel: the server has let us in, but confirmed no channel,.*\n {2}→ .*connect_timeout/m,
  );
});

it('an agent that does not answer is gone on without', async () => {
  const agent = await startHostileAgent();
  endings.push(() => agent.stop());
  const hosts = await honest('good');
  const { begin } = scene({ good: { ...hosts['good'], agent: true } });
  for (const args of [['apply', 'playbook.yaml', '--yes', '--output', 'plain'], ['ping']]) {
    const { code, stderr, stdout } = await begin(args, { SSH_AUTH_SOCK: agent.socket }).ended;
    expect(code, stdout).toBe(0);
    expect(besideNames(stderr)).toBe(
      `warning: the ssh-agent did not answer within 3 s: connecting without it (${agent.socket})\n`,
    );
  }
});

describe('an interrupt ends the program', () => {
  it.each([
    'silent-port',
    'stalls-at-login',
    'no-channel',
    'no-exec-reply',
    'silent-shell',
    'silent-sudo',
    'dead-shell',
    'black-hole',
    'bastion-stalls',
  ])('while it waits for %s', async (name) => {
    const [host] = hostileHosts.filter((one) => one.name === name);
    if (host === undefined) throw new Error('there is none');
    const server = await serve(host.behaviour);
    const { child, ended } = scene(entriesOf(host, server, 3600), [{ command: ['id'], read_only: true }]).begin([
      'apply',
      'playbook.yaml',
      '--yes',
      '--output',
      'json',
    ]);
    await expect.poll(() => server.heard.connections).toBeGreaterThan(0);
    child.kill('SIGINT');
    const { code, stdout } = await ended;
    expect(code, stdout).toBe(130);
    expect(endsIn(stdout).get(name)).toMatchObject({ status: 'interrupted' });
  });

  it('while it waits for the ssh-agent', async () => {
    const agent = await startHostileAgent();
    endings.push(() => agent.stop());
    const hosts = await honest('good');
    const { child, ended } = scene({ good: { ...hosts['good'], agent: true } }).begin(['ping'], {
      SSH_AUTH_SOCK: agent.socket,
    });
    await expect.poll(() => agent.asked()).toBe(1);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });

  it('when it comes twice, although a program on a host can be neither asked nor ended', async () => {
    // It says that the command has begun, and nothing after that.
    const server = await serve({
      exec: (accept, _reject, command) => {
        const channel = accept();
        pretendShell(channel, command, (frame, nonce) => {
          const index = /start (\d+) %s/.exec(frame)?.[1];
          if (index !== undefined) channel.write(`\x01${nonce} start ${index} 4711\n`);
        });
      },
    });
    const host: HostileHost = {
      name: 'stuck',
      does: '',
      behaviour: {},
      ends: { code: 'interrupted', status: 'interrupted', message: /./ },
    };
    const { child, ended } = scene(entriesOf(host, server, 3600), [{ command: ['id'], read_only: true }]).begin([
      'plan',
      'playbook.yaml',
      '--allow-read-only-programs',
      '--output',
      'json',
    ]);
    await expect.poll(() => server.heard.input).toContain('plimsoll_run 1');
    child.kill('SIGINT');
    await expect.poll(() => server.heard.input).toContain('plimsoll_end 4711');
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
  });
});
