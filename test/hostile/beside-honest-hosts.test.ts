import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { limit } from '../../lab/pace.ts';
import type { Fleet } from '../../lab/sim/fleet.ts';
import { startFleet } from '../../lab/sim/fleet.ts';
import { main } from '../support/plimsoll.ts';
import { type HostileServer, startHostileServer } from './hostile-server.ts';
import { entriesOf } from './inventory-entries.ts';
import { app, lyingHosts } from './lying-hosts.ts';
import { hostileHosts, loginPassword, sudoPassword } from './ssh-hosts.ts';

const honest = Array.from({ length: 10 }, (_, number) => `honest-${String(number)}`);
const becomePassword = 'kit-Bec0me-3';
const megabytes = 300;

const finished = z.object({
  type: z.literal('host.finished'),
  host: z.string(),
  status: z.string(),
  error: z.object({ message: z.string() }).optional(),
});
type Finished = z.infer<typeof finished>;

/** Runs the program and looks how much memory it has had at most. */
async function run(
  directory: string,
  args: readonly string[],
): Promise<{
  readonly code: number | null;
  readonly printed: string;
  readonly stdout: string;
  readonly peakKiB: number;
}> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      SSH_AUTH_SOCK: undefined,
      XDG_STATE_HOME: join(directory, 'laptop'),
      HOME: directory,
      BECOME: becomePassword,
    },
  });
  let [stdout, printed, peakKiB] = ['', '', 0];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    printed += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    printed += text;
  });
  const watch = setInterval(() => {
    try {
      peakKiB = Math.max(
        peakKiB,
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(child.pid)}/status`, 'utf8'))?.[1] ?? 0),
      );
    } catch {
      // It has ended.
    }
  }, 100);
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  ).finally(() => {
    clearInterval(watch);
  });
  return { code, printed, stdout, peakKiB };
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((file) => statSync(file).isFile());
}

/** All that is said, by the program and in what it keeps. */
describe('ten honest hosts beside every kind of host that lies', () => {
  let fleet: Fleet;
  const servers: HostileServer[] = [];
  let ran: Awaited<ReturnType<typeof run>>;
  let ends: ReadonlyMap<string, Finished>;

  beforeAll(async () => {
    fleet = await startFleet([
      ...honest.map((name) => ({ name, kind: 'dm-xfs' as const, containers: [app] })),
      ...lyingHosts.map(({ spec }) => spec),
    ]);
    const path = await fleet.writeTo(fleet.directory);
    const { hosts, ...rest } = parse(readFileSync(path, 'utf8')) as {
      readonly hosts: Readonly<Record<string, object>>;
    };
    const timed = Object.fromEntries(
      Object.entries(hosts).map(([name, entry]) => [
        name,
        honest.includes(name)
          ? entry
          : { ...entry, connect_timeout: limit(6000) / 1000, command_timeout: limit(6000) / 1000 },
      ]),
    );
    const hostile: Record<string, object> = {};
    for (const host of hostileHosts) {
      const server = await startHostileServer(host.behaviour);
      servers.push(server);
      Object.assign(hostile, entriesOf(host, server));
    }
    writeFileSync(path, JSON.stringify({ ...rest, hosts: { ...timed, ...hostile } }));
    writeFileSync(
      join(fleet.directory, 'grow.yaml'),
      JSON.stringify({
        hosts: 'all:!*-bastion',
        max_failures: '100%',
        steps: [{ grow_rootfs: { container: 'app-1', size: '20GiB' } }],
      }),
    );
    ran = await run(fleet.directory, ['apply', 'grow.yaml', '-i', path, '--yes', '--output', 'json']);
    expect(ran.stdout, ran.printed).not.toBe('');
    ends = new Map(
      ran.stdout
        .trim()
        .split('\n')
        .flatMap((line) => finished.safeParse(JSON.parse(line)).data ?? [])
        .map((event) => [event.host, event]),
    );
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    await fleet.stop();
  });

  it('are at least forty kinds', () => {
    expect(hostileHosts.length + lyingHosts.length).toBeGreaterThanOrEqual(40);
  });

  it('are all done, and the run ends by itself', () => {
    expect(ran.code, ran.printed.slice(-2000)).toBe(1);
    expect(honest.map((name) => ends.get(name)?.status)).toEqual(honest.map(() => 'changed'));
  });

  it.each(lyingHosts.map((host) => [host.spec.name, host] as const))(
    'ends for %s in one line',
    (name, { does, ends: may }) => {
      expect(may, `${does}: ${JSON.stringify(ends.get(name))}`).toContain(ends.get(name)?.status);
    },
  );

  it.each(hostileHosts.map((host) => [host.name, host] as const))('ends for %s in one line', (name, { does }) => {
    // What each line says is in ssh-hosts.test.ts; here others are asked for more, and become root.
    expect(ends.get(name), does).toMatchObject({
      status: expect.stringMatching(/^(?:unreachable|refused|failed)$/),
      error: { message: expect.stringMatching(/./) },
    });
  });

  it('is told no secret, in no output and no file, and no raw control byte', () => {
    const texts = [
      ran.printed,
      ...filesBelow(join(fleet.directory, 'laptop')).map((file) => readFileSync(file, 'latin1')),
    ];
    expect(texts.length).toBeGreaterThan(2);
    for (const text of texts) {
      for (const secret of [loginPassword, sudoPassword, becomePassword]) expect(text).not.toContain(secret);
      expect(/[\u0000-\u0008\u000b-\u001f\u007f]|\u009b/.exec(text.replaceAll('\n', '').slice(0, 50_000_000))).toBe(
        null,
      );
    }
  });

  it(`needs less than ${String(megabytes)} MB`, () => {
    expect(ran.peakKiB / 1024).toBeGreaterThan(20);
    expect(ran.peakKiB / 1024).toBeLessThan(megabytes);
  });
});
