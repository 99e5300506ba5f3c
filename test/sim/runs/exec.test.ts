import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';
import { start, stopFleets } from '../simulated-host.ts';

stopFleets();
const host = (name: string, more: Partial<HostSpec> = {}): HostSpec => ({ name, kind: 'overlay2-plain', ...more });
let run: (...args: readonly string[]) => Promise<Ran>;

beforeEach(async () => {
  const { fleet } = await start(
    host('web-1'),
    host('web-2'),
    host('web-3'),
    host('away-1', { refuseAuthentication: true }),
    host('away-2', { refuseAuthentication: true }),
  );
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  await writeFile(
    inventory,
    fleet.inventoryText.replace('defaults:', 'defaults:\n  connect_timeout: 3m\n  command_timeout: 5m'),
  );
  run = (name = '', ...args) =>
    plimsoll([name, '-i', inventory, ...args], { XDG_STATE_HOME: join(fleet.directory, 'laptop') });
});

describe('plimsoll exec', () => {
  it('shows equal output once, standard error apart, and nothing that a terminal would obey', async () => {
    const { code, stdout } = await run('exec', 'web-*', '--shell', '--', String.raw`printf 'a\033[31mb\n'; echo c >&2`);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/^web-\[1-3\] \(3 hosts\): exit 0\n {2}\| a.*b\n {2}! c\n3 hosts: 3 ok\n$/);
    expect(stdout).not.toContain('\u001b');
  });

  it('gives arguments to the program as they are', async () => {
    const { stdout } = await run('exec', 'web-1', '--', 'printf', String.raw`%s\n`, '$HOME; x', '-l');
    expect(stdout).toContain('  | $HOME; x\n  | -l\n');
  });

  it('ends with 1 where the command failed, and 3 where only hosts were not reached, whose cause is said once', async () => {
    expect(await run('exec', 'web-1', '--shell', '--', 'exit 7')).toMatchObject({
      code: 1,
      stdout: 'web-1: exit 7\n1 host: 1 failed\n',
    });
    const { code, stdout } = await run('exec', 'all', '--', 'true');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^web-\[1-3\] \(3 hosts\): exit 0\n! unreachable: 2 hosts: away-\[1-2\]: /);
    expect(stdout.match(/→/g)).toHaveLength(1);
    expect(stdout).toMatch(/\n5 hosts: 3 ok, 2 unreachable\n$/);
  });

  it('--diff-from shows what is different', async () => {
    const own = 'echo same; echo "$SIM_STATE"';
    const { stdout } = await run('exec', 'away-1,web-*', '--diff-from', 'web-1', '--shell', '--', own);
    expect(stdout).toMatch(/^web-1: exit 0\n {2}\| same\n {2}\| \/\S+\n/);
    expect(stdout).toMatch(
      /\n {2}--- web-1 \(stdout\)\n {2}\+{3} here \(stdout\)\n {2}@@ -1,2 \+1,2 @@\n {3}same\n {2}-\/\S+\n {2}\+\/\S+\n/,
    );
  });

  it('--output json is one object', async () => {
    const { stdout } = await run('exec', 'all', '--output', 'json', '--', 'echo', 'x');
    expect(JSON.parse(stdout)).toMatchObject({
      v: 1,
      command: ['echo', 'x'],
      groups: [{ hosts: ['web-1', 'web-2', 'web-3'], exit: 0, stdout: 'x\n', stderr: '' }],
      exitCode: 3,
    });
  });

  it.each([
    [['web-1', 'uptime'], 'the command stands after --'],
    [['web-1', '--', 'df -h | wc'], 'say --shell'],
    [['web-1', '--shell', '--', 'df', '-h'], '--shell takes one text'],
    [['web-1', '--diff-from', 'web-2', '--', 'true'], 'web-2 is not one of the hosts'],
  ])('%j is refused before anything connects', async (args, message) => {
    const { code, stdout, stderr } = await run('exec', ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('plimsoll ping', () => {
  it('is one table, and the cause of those that do not answer is said once', async () => {
    const { code, stdout } = await run('ping');
    expect(code).toBe(3);
    expect(stdout).toMatch(/^HOSTS +RUNS AS +SERVER +MS +HOST KEY\nweb-\[1-3\] +root +/);
    expect(stdout.match(/→/g)).toHaveLength(1);
    expect(stdout).toMatch(/\n5 hosts: 3 ok, 2 unreachable\n$/);
  });

  it('-v has a line for each host', async () => {
    const { stdout } = await run('ping', '-v');
    for (const name of ['web-1', 'web-2', 'web-3'])
      expect(stdout).toMatch(new RegExp(`^${name}: ok in .*SHA256:`, 'm'));
  });
});
