import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plimsoll } from '../../support/plimsoll.ts';
import { startTestSshServer, type TestSshServer } from '../../support/ssh-server.ts';

interface Event {
  readonly type: string;
  readonly host?: string;
}

describe('a fact that takes its time', () => {
  let server: TestSshServer;
  let directory: string;
  const path = (name: string): string => join(directory, name);
  beforeAll(async () => {
    server = await startTestSshServer();
    directory = mkdtempSync(join(tmpdir(), 'plimsoll-slow-'));
    const host = {
      address: server.address,
      port: server.port,
      user: 'root',
      identity_file: server.identityFile,
      known_hosts_file: server.knownHostsFile,
      agent: false,
    };
    const hosts = {
      slow: { ...host, command_timeout: '8s', state_directory: path('a') },
      quick: { ...host, state_directory: path('b') },
    };
    writeFileSync(path('i.yaml'), JSON.stringify({ hosts }));
    writeFileSync(
      path('p.yaml'),
      `hosts: all
max_failures: 100%
steps:
  - { name: Quick, command: { argv: [id, "-u"], read_only: true } }
  - { name: Reads, command: { argv: [sh, -c, '[ "$1" = quick ] || sleep 600', sh, "\${{ host.name }}"], read_only: true } }
  - { name: Does, command: [touch, "\${{ host.vars.none }}"], when: "false" }
  - { name: Writes, command: [touch, ${path('written')}] }
`,
    );
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const run = (...args: readonly string[]) =>
    plimsoll([...args, path('p.yaml'), '-i', path('i.yaml'), '--allow-read-only-programs'], {
      XDG_STATE_HOME: path('laptop'),
      HOME: directory,
    });

  it('is named with its host after two seconds; others are planned meanwhile, and the preview goes on without it when its time is over', async () => {
    const { stdout, stderr, code } = await run('plan', '--output', 'json');
    expect(code, stdout + stderr).toBe(1);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Event);
    const at = (type: string, host: string): number =>
      events.findIndex((event) => event.type === type && event.host === host);
    expect(events.filter(({ type }) => type === 'host.waiting')).toEqual([
      expect.objectContaining({
        host: 'slow',
        fact: 'argv',
        reason: 'still reading a program of the playbook that only reads, for 8 s at most',
      }),
    ]);
    expect(events).toContainEqual(
      expect.objectContaining({
        type: 'host.finished',
        host: 'slow',
        status: 'failed',
        error: expect.objectContaining({ code: 'timed-out' }),
      }),
    );
    // The other one's plan was complete long before.
    expect(at('host.finished', 'quick')).toBeGreaterThan(0);
    expect(at('host.finished', 'quick')).toBeLessThan(at('host.finished', 'slow'));
  });

  it('is said in plain lines too, and an apply does the other host', async () => {
    const { stdout } = await run('apply', '--yes', '--output', 'plain');
    expect(stdout).toMatch(/slow +\| … still reading a program of the playbook that only reads, for 8 s at most\n/);
    expect(stdout).toMatch(/quick +\| ✓ .*Writes/);
    expect(stdout).toMatch(/slow +\| failed at "Quick|slow +\| failed at "Reads/);
  });
});
