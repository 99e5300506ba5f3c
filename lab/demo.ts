import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatBytes } from '../src/values/size.ts';
import type { DemoFleet, DemoHost, Intended } from './demo-fleet.ts';
import { simulatedFleet, virtualFleet } from './demo-fleet.ts';

const root = join(import.meta.dirname, '..');
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Sizes in bytes as Docker, the device and the container itself show them. */
interface Sizes {
  readonly docker: number | undefined;
  readonly seen: number | undefined;
}

async function look(host: DemoHost, container: string): Promise<Sizes> {
  const answer = await host.run?.(`export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"
driver=$(docker info --format '{{.Driver}}' 2>/dev/null)
[ "$driver" != devicemapper ] || echo "docker $(docker inspect --type container --format '{{.GraphDriver.Data.DeviceSize}}' ${container})"
pid=$(docker inspect --type container --format '{{.State.Pid}}' ${container})
echo "seen $(df -B1 --output=size "/proc/$pid/root/" | tail -n 1)"`);
  const value = (key: string): number | undefined => {
    const digits = new RegExp(`^${key} +(\\d+)$`, 'm').exec(answer?.stdout ?? '')?.[1];
    return digits === undefined ? undefined : Number(digits);
  };
  return { docker: value('docker'), seen: value('seen') };
}

function shown({ docker, seen }: Sizes): string {
  if (seen === undefined) return '-';
  const inside = `${seen / 1024 ** 2 >= 1024 ? `${(seen / 1024 ** 3).toFixed(1)} GiB` : `${(seen / 1024 ** 2).toFixed(0)} MiB`} in it`;
  return docker === undefined ? inside : `${formatBytes(docker)}, ${inside}`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

/** Runs the built program and gives its exit status. */
function plimsoll(args: readonly string[], state: string): Promise<number> {
  say(`\n$ plimsoll ${args.join(' ')}\n`);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(root, 'dist/main.js'), ...args], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, XDG_STATE_HOME: state },
    });
    child.once('error', reject);
    child.once('close', (code) => {
      resolve(code ?? 130);
    });
  });
}

function outcome(before: Sizes, after: Sizes): Intended | 'gone' {
  if (before.seen === undefined) return 'unreachable';
  if (after.seen === undefined) return 'gone';
  return after.seen > before.seen ? 'grown' : 'nothing to do';
}

async function demonstrate(fleet: DemoFleet, work: string, interrupted: () => boolean): Promise<number> {
  const inventory = join(work, 'inventory.yaml');
  await writeFile(inventory, fleet.inventoryText);
  const common = [
    'playbooks/grow-rootfs.yaml',
    '-i',
    inventory,
    '-e',
    `container=${fleet.container}`,
    '-e',
    `target=${fleet.target}`,
  ];

  say(
    `\n1. ${String(fleet.hosts.length)} hosts. Container ${fleet.container} before, as Docker shows it and as it sees itself:\n`,
  );
  const before = await Promise.all(fleet.hosts.map((host) => look(host, fleet.container)));
  say(
    table([
      ['HOST', 'STORAGE', 'SIZE'],
      ...fleet.hosts.map((host, index) => [
        host.name,
        host.storage,
        shown(before[index] ?? { docker: undefined, seen: undefined }),
      ]),
    ]),
  );

  say(`\n2. The preview. Nothing is changed.`);
  const planned = await plimsoll(['plan', ...common], work);
  if (interrupted()) return 130;
  say(
    `(exit status ${String(planned)}${planned === 4 ? ': some hosts are refused by a safety check or cannot be reached, and are left alone' : ''})`,
  );

  say(`\n3. The same, applied: one host first, then a quarter, then all.`);
  const applied = await plimsoll(['apply', ...common, '--yes'], work);
  if (interrupted()) return 130;

  say(`\n4. What happened:\n`);
  const after = await Promise.all(fleet.hosts.map((host) => look(host, fleet.container)));
  const results = fleet.hosts.map((host, index) => {
    const [was, is] = [before[index], after[index]];
    const real = was === undefined || is === undefined ? 'gone' : outcome(was, is);
    // A host that is left alone for a reason looks like one on which there is nothing to do.
    const right = real === host.intended || (host.intended === 'refused' && real === 'nothing to do');
    return {
      row: [
        host.name,
        was === undefined ? '-' : shown(was),
        is === undefined ? '-' : shown(is),
        right ? host.intended : `${real}, but should be ${host.intended}`,
      ],
      right,
    };
  });
  say(table([['HOST', 'BEFORE', 'AFTER', 'OUTCOME'], ...results.map(({ row }) => row)]));

  const lasts = await provesDurable(fleet);
  const right =
    results.every((result) => result.right) &&
    lasts &&
    planned === fleet.exitCodes.plan &&
    applied === fleet.exitCodes.apply;
  say(
    right
      ? `\nEverything went as intended (exit status of apply: ${String(applied)}).`
      : `\nSomething did not go as intended: plan ended with ${String(planned)} (intended ${String(fleet.exitCodes.plan)}), apply with ${String(applied)} (intended ${String(fleet.exitCodes.apply)}).`,
  );
  return right ? 0 : 1;
}

/** A size that is not stored where Docker looks is lost at the next stop and start, and the container does not come up again. */
async function provesDurable(fleet: DemoFleet): Promise<boolean> {
  const host = fleet.hosts.find(({ intended, run }) => intended === 'grown' && run !== undefined);
  if (host === undefined) return false;
  const was = await look(host, fleet.container);
  say(`\n5. Does it last? On ${host.name}: docker stop ${fleet.container} && docker start ${fleet.container}`);
  await host.run?.(`docker stop -t 0 ${fleet.container}; docker start ${fleet.container}`);
  const is = await look(host, fleet.container);
  say(`   ${shown(is)}`);
  return is.seen !== undefined && is.seen === was.seen;
}

const next = `
Try next:
  npx tsx lab/sim/cli.ts --hosts 300        a larger simulated fleet, for any command you like
  npm run demo -- --vm                      the same on virtual machines with a real Docker (after npm run lab:setup)
  less playbooks/grow-rootfs.yaml           what was run here
  node dist/main.js --help`;

const interruption = new AbortController();
process.on('SIGINT', () => {
  interruption.abort();
});
process.on('SIGTERM', () => {
  interruption.abort();
});
const work = await mkdtemp(join(tmpdir(), 'plimsoll-demo-'));
const fleet = process.argv.includes('--vm') ? await virtualFleet() : await simulatedFleet();
try {
  process.exitCode = await demonstrate(fleet, work, () => interruption.signal.aborted);
  if (process.exitCode === 0) say(next);
} finally {
  await fleet.stop();
  await rm(work, { recursive: true, force: true });
}
