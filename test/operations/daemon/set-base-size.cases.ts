import { twins } from '../../../lab/sim/transcripts/twin.ts';
import { daemonConfig } from '../../../src/facts/daemon/daemon-config.ts';
import { ask } from '../../../src/facts/fact.ts';
import { always } from '../../faults/hosts/plain-hosts.ts';
import type { OperationCases } from '../operation-cases.ts';
import { answersOf, MiB, recordedHost } from '../recorded-hosts.ts';

const host = await recordedHost('dm-xfs');
const world = answersOf(host).set(ask(daemonConfig, host.docker.root), {
  path: '/etc/docker/daemon.json',
  file: { text: '{"storage-opts":["dm.basesize=320M"]}', mode: '0644' },
  storageFlags: [],
  baseBytes: 320 * MiB,
});

export const cases: OperationCases = {
  law: [
    { want: { size: '1GiB', restart_daemon: true }, world },
    { of: 'for the next start', want: { size: '1GiB' }, world },
  ],
  faults: [
    {
      on: 'with a restart of the daemon',
      host: always(twins['dm-xfs']),
      reversible: false,
      powerSafe: true,
      steps: () => [{ name: 'Base size', set_base_size: { size: '1GiB', restart_daemon: true } }],
    },
    {
      on: 'written for the next start',
      host: twins['dm-lvm'],
      reversible: true,
      steps: () => [{ name: 'Base size', set_base_size: { size: '1GiB' } }],
    },
  ],
  steps: {
    themes: ['devicemapper'],
    make: ({ pick }) => ({ input: { size: pick.of(['1GiB', '12GiB']), restart_daemon: pick.is() } }),
  },
};
