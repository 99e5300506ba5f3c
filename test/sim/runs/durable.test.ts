import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openShell } from '../../../lab/sim/client.ts';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { HostSpec } from '../../../lab/sim/spec.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { besideNames, main, plimsoll } from '../../support/plimsoll.ts';

const gib = 1024 ** 3;
const app = { name: 'app-1', bytes: 10 * gib };
const quota = (name: string): HostSpec => ({ name, kind: 'overlay2-pquota', containers: [app] });
const repository = fileURLToPath(new URL('../../..', import.meta.url));
const fleets: Fleet[] = [];

/** A fleet, and an operator's machine that works on it. */
class Scene {
  readonly #fleet: Fleet;
  readonly #inventory: string;

  constructor(fleet: Fleet, inventory: string) {
    this.#fleet = fleet;
    this.#inventory = inventory;
  }

  /** `laptop`: whose; each has runs of its own. */
  run(args: readonly string[], laptop = 'laptop'): Promise<Ran> {
    return plimsoll([...args, '-i', this.#inventory], { XDG_STATE_HOME: join(this.#fleet.directory, laptop) });
  }

  runs(...args: readonly string[]): Promise<Ran> {
    return plimsoll(['runs', ...args], { XDG_STATE_HOME: join(this.#fleet.directory, 'laptop') });
  }

  /** Begins a run, sends it a signal once something has been begun on every host, and waits for its end. */
  async interrupted(args: readonly string[], hosts: number, signal: NodeJS.Signals): Promise<Ran> {
    const child = spawn(process.execPath, [main, ...args, '-i', this.#inventory, '--output', 'json'], {
      cwd: repository,
      env: { ...process.env, XDG_STATE_HOME: join(this.#fleet.directory, 'laptop') },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    let sent = false;
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (sent || stdout.split('"action.output"').length <= hosts) return;
      sent = true;
      child.kill(signal);
    });
    await once(child, 'close');
    return { code: child.exitCode, stdout, stderr };
  }

  /** What a laptop's only run has told so far. */
  async events(laptop: string): Promise<string> {
    const runs = join(this.#fleet.directory, laptop, 'plimsoll/runs');
    const [run = ''] = await readdir(runs).catch(() => []);
    return readFile(join(runs, run, 'events.jsonl'), 'utf8').catch(() => '');
  }

  async playbook(steps: string): Promise<string> {
    const path = join(this.#fleet.directory, 'playbook.yaml');
    await writeFile(path, `name: test\nhosts: all\nmax_failures: 100%\nsteps:\n${steps}`);
    return path;
  }

  async ask(name: string, script: string): Promise<string> {
    const host = this.#fleet.hosts.find((each) => each.name === name);
    if (host === undefined) throw new Error(`no host ${name}`);
    const shell = await openShell(this.#fleet, host);
    try {
      return (await shell.run(script)).stdout;
    } finally {
      shell.end();
    }
  }

  get directory(): string {
    return this.#fleet.directory;
  }

  limits(): Promise<readonly string[]> {
    return Promise.all(
      this.#fleet.hosts.map(({ name }) => this.ask(name, 'xfs_quota -x -c "report -p -n -b -N" /var/lib/docker')),
    );
  }
}

async function start(...specs: readonly HostSpec[]): Promise<Scene> {
  const fleet = await startFleet(specs);
  fleets.push(fleet);
  return new Scene(fleet, await fleet.writeTo(join(fleet.directory, 'inventory')));
}

afterEach(async () => {
  await Promise.all(fleets.splice(0).map((fleet) => fleet.stop()));
});

const finished = z.object({ hosts: z.record(z.string(), z.string()), exitCode: z.number() });

function ended({ stdout }: Ran): z.infer<typeof finished> {
  return finished.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

const grow = ['playbooks/grow-rootfs.yaml', '-e', 'target=20GiB'] as const;
const slow = (file: string): string =>
  `  - command: [sh, -c, "echo begun >>${file}; echo begun; sleep 4; echo ended >>${file}; echo ended"]\n    register: it\n  - command: [sh, -c, "echo after \${{ it.lines[1] }} >>${file}"]\n`;

describe('a run and what goes wrong', () => {
  it('is left on its hosts by an interrupt that detaches, and resume follows it: nothing is done twice', async () => {
    const scene = await start(quota('a'));
    const log = join(scene.directory, 'log');
    const first = await scene.interrupted(
      ['apply', await scene.playbook(slow(log)), '--yes', '--on-interrupt', 'detach'],
      1,
      'SIGINT',
    );
    expect([first.code, ended(first).hosts]).toEqual([130, { a: 'interrupted' }]);
    const runs = await scene.runs('--json');
    expect(runs.stdout).toContain('"interrupted"');
    const second = await scene.run(['resume', '--yes', '--output', 'json']);
    expect([second.code, ended(second).hosts]).toEqual([0, { a: 'changed' }]);
    expect(await readFile(log, 'utf8')).toBe('begun\nended\nafter ended\n');
    expect((await scene.run(['resume', '--yes'])).stdout).toContain('done on every host');
  });

  it('goes on on its hosts when its process is killed', async () => {
    const scene = await start(quota('a'));
    const log = join(scene.directory, 'log');
    await scene.interrupted(['apply', await scene.playbook(slow(log)), '--yes'], 1, 'SIGKILL');
    const second = await scene.run(['resume', '--yes', '--output', 'json']);
    expect([second.code, ended(second).hosts]).toEqual([0, { a: 'changed' }]);
    expect(await readFile(log, 'utf8')).toBe('begun\nended\nafter ended\n');
  });

  it('stops at a safe point when it is asked to terminate, and does again what it had to end', async () => {
    const scene = await start(quota('a'));
    const log = join(scene.directory, 'log');
    const first = await scene.interrupted(['apply', await scene.playbook(slow(log)), '--yes'], 1, 'SIGTERM');
    expect([first.code, ended(first).hosts]).toEqual([130, { a: 'interrupted' }]);
    const second = await scene.run(['resume', '--yes', '--output', 'json']);
    expect([second.code, ended(second).hosts]).toEqual([0, { a: 'changed' }]);
    expect(await readFile(log, 'utf8')).toBe('begun\nbegun\nended\nafter ended\n');
  });

  it('is rolled back by an interrupt that asks for it', async () => {
    const scene = await start(quota('a'), quota('b'));
    const before = await scene.limits();
    const playbook = await scene.playbook(
      `  - grow_rootfs: { container: app-1, size: 20GiB }\n  - command: [sh, -c, "echo now; sleep 30"]\n`,
    );
    const first = await scene.interrupted(['apply', playbook, '--yes', '--on-interrupt', 'rollback'], 2, 'SIGINT');
    expect([first.code, besideNames(first.stderr)]).toEqual([130, '']);
    expect(first.stdout).toContain('"mode":"rollback"');
    expect(await scene.limits()).toEqual(before);
  });

  it('keeps others out of its hosts, who are told who it is, or wait', async () => {
    const scene = await start(quota('a'));
    const [log, goOn] = [join(scene.directory, 'log'), join(scene.directory, 'go-on')];
    const playbook = await scene.playbook(
      `  - command: [sh, -c, "echo begun >${log}; while [ ! -e ${goOn} ]; do sleep 0.2; done"]\n`,
    );
    const first = scene.run(['apply', playbook, '--yes', '--output', 'json']);
    await until(async () => (await readFile(log, 'utf8').catch(() => '')) !== '');
    const second = await scene.run(['apply', ...grow, '--yes'], 'other');
    expect(second.code).toBe(6);
    expect(second.stdout).toMatch(/run \d{8}-\d{6}-\w+, by \S+@\S+ since \S+: apply .*playbook\.yaml/);
    const third = scene.run(['apply', ...grow, '--yes', '--lock-wait', '5m', '--output', 'json'], 'third');
    await until(async () => (await scene.events('third')).includes('"host.waiting"'));
    await writeFile(goOn, '');
    const waited = await third;
    expect([waited.code, ended(waited).hosts]).toEqual([0, { a: 'changed' }]);
    expect((await first).code).toBe(0);
  });

  it('is held to its saved plan: what has drifted is refused, the rest is carried out', async () => {
    const scene = await start(
      quota('same'),
      quota('restarted'),
      quota('grown'),
      { name: 'thin', kind: 'dm-xfs', containers: [app] },
      { name: 'thin-restarted', kind: 'dm-xfs', containers: [app] },
    );
    const [file, again] = [join(scene.directory, 'plan.json'), join(scene.directory, 'again.json')];
    expect((await scene.run(['plan', ...grow, '-o', file])).code).toBe(0);
    expect((await scene.run(['plan', ...grow, '-o', again])).code).toBe(0);
    expect(await readFile(again, 'utf8')).toBe(await readFile(file, 'utf8'));
    await scene.ask('restarted', 'docker restart -t 0 app-1 || { docker stop -t 0 app-1; docker start app-1; }');
    await scene.ask('thin-restarted', 'docker stop -t 0 app-1; docker start app-1');
    expect(
      (await scene.run(['apply', 'playbooks/grow-rootfs.yaml', '-e', 'target=15GiB', '--limit', 'grown', '--yes']))
        .code,
    ).toBe(0);
    const applied = await scene.run(['apply', file, '--yes', '--output', 'json']);
    expect(ended(applied).hosts).toEqual({
      same: 'changed',
      thin: 'changed',
      restarted: 'drifted',
      'thin-restarted': 'drifted',
      grown: 'drifted',
    });
    expect(applied.code).toBe(5);
    expect(applied.stdout).toContain('was restarted since');
    const edited = (await readFile(file, 'utf8')).replace('20 GiB', '21 GiB');
    await writeFile(file, edited);
    const refused = await scene.run(['apply', file, '--yes']);
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('was edited after it was made')]);
  });

  it('rescues a host whose step fails, and does what is always done', async () => {
    const scene = await start(
      { name: 'sound', kind: 'dm-xfs', containers: [app] },
      {
        name: 'failing',
        kind: 'dm-xfs',
        containers: [app],
        faults: [{ tool: 'xfs_growfs', action: 'fail', argument: 1 }],
      },
    );
    const log = join(scene.directory, 'log');
    const playbook = await scene.playbook(
      `  - name: Grow\n    block:\n      - grow_rootfs: { container: app-1, size: 20GiB, restart_daemon: true }\n    rescue:\n      - command: [sh, -c, "echo rescued \${{ host.name }} >>${log}"]\n    always:\n      - command: [sh, -c, "echo always \${{ host.name }} >>${log}"]\n`,
    );
    const applied = await scene.run(['apply', playbook, '--yes', '--output', 'json']);
    expect([applied.code, ended(applied).hosts]).toEqual([0, { sound: 'changed', failing: 'changed' }]);
    expect((await readFile(log, 'utf8')).trim().split('\n').sort()).toEqual([
      'always failing',
      'always sound',
      'rescued failing',
    ]);
  });

  it('can be finalized: then nothing of it is left on the hosts, and it cannot be undone', async () => {
    const scene = await start({ name: 'thin', kind: 'dm-xfs', containers: [app] });
    expect((await scene.run(['apply', ...grow, '--yes'])).code).toBe(0);
    const [run = ''] = await readdir(join(scene.directory, 'laptop/plimsoll/runs'));
    const kept = 'ls /var/lib/plimsoll/runs; find /var/lib/plimsoll/backup -type f';
    expect(await scene.ask('thin', kept)).toContain(run);
    const done = await scene.run(['finalize', run, '--yes']);
    expect([done.code, besideNames(done.stderr)]).toEqual([0, '']);
    expect(await scene.ask('thin', kept)).toBe('');
    const rolledBack = await scene.run(['rollback', run, '--yes']);
    expect([rolledBack.code, rolledBack.stderr]).toEqual([2, expect.stringContaining('finalized')]);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}
