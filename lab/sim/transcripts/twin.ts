import type { RecordedKind } from '../calls.ts';
import { startFleet } from '../fleet.ts';
import { openShell } from '../client.ts';
import type { HostSpec } from '../spec.ts';
import type { Transcript } from './transcribe.ts';
import { transcribe } from './transcribe.ts';

const mib = 1024 ** 2;

/** The simulated host that is like a kind of virtual machine (lab/vm/kinds.ts). */
export const twins: Readonly<Record<RecordedKind, HostSpec>> = {
  'dm-xfs': {
    name: 'dm-xfs',
    kind: 'dm-xfs',
    containers: [{ name: 'c1', bytes: 320 * mib }],
    pool: { dataBytes: 2048 * mib },
  },
  'dm-ext4': {
    name: 'dm-ext4',
    kind: 'dm-ext4',
    containers: [{ name: 'c1', bytes: 100 * mib }],
    pool: { dataBytes: 2048 * mib },
  },
  'dm-lvm': {
    name: 'dm-lvm',
    kind: 'dm-lvm',
    containers: [{ name: 'c1', bytes: 320 * mib }],
    pool: { dataBytes: 1600 * mib },
  },
  'overlay2-20': {
    name: 'overlay2-20',
    kind: 'overlay2-pquota',
    containers: [{ name: 'c1', bytes: 64 * mib, storageOpt: '64M' }, { name: 'c0' }],
  },
  'overlay2-28': {
    name: 'overlay2-28',
    kind: 'overlay2-pquota',
    docker: '28.5',
    containers: [{ name: 'c1', bytes: 64 * mib, storageOpt: '64M' }, { name: 'c0' }],
  },
  'containerd-28': { name: 'containerd-28', kind: 'containerd', containers: [{ name: 'c1' }] },
};

/** Asks a fresh simulated host everything that the virtual machine was asked. */
export async function transcribeTwin(kind: RecordedKind): Promise<Transcript> {
  const fleet = await startFleet([twins[kind]]);
  try {
    const [host] = fleet.hosts;
    if (host === undefined) throw new Error('the fleet has no host');
    const shell = await openShell(fleet, host);
    try {
      return await transcribe(kind, (script) => shell.run(script));
    } finally {
      shell.end();
    }
  } finally {
    await fleet.stop();
  }
}
