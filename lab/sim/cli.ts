import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startFleet } from './fleet.ts';
import type { HostKind, HostSpec } from './spec.ts';

const gib = 1024 ** 3;
const kinds: readonly HostKind[] = ['dm-xfs', 'dm-ext4', 'dm-lvm', 'overlay2-pquota'];

/** `count` hosts of four kinds, each with two containers of 10 GiB. */
function mixedFleet(count: number, only: HostKind | undefined): readonly HostSpec[] {
  const digits = String(count).length;
  return Array.from({ length: count }, (_, index): HostSpec => ({
    name: `sim-${String(index + 1).padStart(digits, '0')}`,
    kind: only ?? kinds[index % kinds.length] ?? 'dm-xfs',
    containers: [1, 2].map((number) => ({ name: `app-${String(number)}`, bytes: 10 * gib })),
  }));
}

/** `tsx lab/sim/cli.ts [--hosts 300] [--kind dm-xfs]`: a simulated fleet until Ctrl-C. */
if (process.argv[1] === import.meta.filename) {
  const { values } = parseArgs({ options: { hosts: { type: 'string', default: '12' }, kind: { type: 'string' } } });
  const only = kinds.find((kind) => kind === values.kind);
  const fleet = await startFleet(mixedFleet(Number(values.hosts), only));
  const directory = await mkdtemp(join(tmpdir(), 'plimsoll-fleet-'));
  const inventory = await fleet.writeTo(directory);
  const [first] = fleet.hosts;
  process.stdout.write(`${String(fleet.hosts.length)} simulated hosts listen on 127.0.0.1. In another terminal:

  node dist/main.js plan playbooks/grow-rootfs.yaml -i ${inventory}
  node dist/main.js apply playbooks/grow-rootfs.yaml -i ${inventory}
  ssh -i ${fleet.identityFile} -o UserKnownHostsFile=${fleet.knownHostsFile} -p ${String(first?.port ?? 0)} ${first?.user ?? 'root'}@127.0.0.1 'docker ps --format {{.Names}}'

Docker and device-mapper are simulated; any other command that you run on these hosts runs on this machine, with your rights.
Ctrl-C ends them and removes everything.
`);
  await new Promise((resolve) => {
    // On every one: a Ctrl-C arrives twice, from the terminal and from the parent, and must not cut the clean-up.
    process.on('SIGINT', resolve);
    process.on('SIGTERM', resolve);
  });
  await fleet.stop();
  await rm(directory, { recursive: true, force: true });
}
