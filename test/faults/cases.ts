import { chmod, link, mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostSpec } from '../../lab/sim/spec.ts';
import { twins } from '../../lab/sim/twin.ts';
import { backupCases } from './backup-cases.ts';
import type { FaultCase, Places } from './fault-case.ts';
import { driverCases } from './driver-cases.ts';
import { scaledCases } from './scaled-cases.ts';
import { poolCases } from './pool-cases.ts';
import { volumeCases } from './volume-cases.ts';

const mib = 1024 ** 2;

/** A host that only runs commands: what they work on are files of this machine. */
const plain: HostSpec = { name: 'plain', kind: 'overlay2-plain', containers: [{ name: 'c1' }] };

/** A container that a resize by hand has broken: it does not start. */
const broken: HostSpec = {
  ...twins['dm-xfs'],
  containers: [{ name: 'c1', bytes: 320 * mib, grownBytes: 512 * mib, running: false }],
};

/** Its containers come up again by themselves. */
const always = (spec: HostSpec): HostSpec => ({
  ...spec,
  containers: (spec.containers ?? []).map((container) => ({ ...container, restart: 'always' })),
});

/** The device is longer than its file system, and the playbook grows the latter. */
const longer = (
  sectors: number,
): string => `N=$(docker inspect --type container --format '{{.GraphDriver.Data.DeviceName}}' c1)
set -- $(dmsetup table "$N")
dmsetup load "$N" --table "0 ${String(sectors)} thin $4 $5" && dmsetup resume "$N"`;

/** A program that does something that is not to be done twice, and takes its time. */
const once = (file: string): readonly string[] => [
  '/bin/sh',
  '-c',
  'echo begun >>"$1"; sleep 0.4; echo "it says é"; echo ended >>"$1"',
  'sh',
  file,
];

const onceOnly = async (file: string): Promise<readonly string[]> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text === 'begun\nended\n' ? [] : [`${file} was to be written once, and holds ${JSON.stringify(text)}`];
};
const onceAtMost = async (file: string): Promise<readonly string[]> =>
  (await readFile(file, 'utf8').catch(() => '')) === '' ? [] : onceOnly(file);

const readTable: readonly object[] = [
  { name: 'Read the container', docker_inspect: { container: 'c1' }, register: 'c1' },
  {
    name: 'Read its table',
    dmsetup: { action: 'table', device: '${{ c1.GraphDriver.Data.DeviceName }}' },
    register: 'live',
  },
];

const grow = (more: object): readonly object[] => [{ name: 'Grow', grow_rootfs: { container: 'c1', ...more } }];

/** An operation that may change something and is not here fails the suite. */
export const cases: readonly FaultCase[] = [
  {
    operation: 'command',
    on: 'a program that must run once',
    host: plain,
    reversible: false,
    steps: ({ files }) => [{ name: 'Once', command: once(join(files, 'log')) }],
    invariants: (_host, { files }) => onceAtMost(join(files, 'log')),
    atEnd: (_host, { files }) => onceOnly(join(files, 'log')),
  },
  {
    operation: 'script',
    on: 'once, and what it printed is used by the next step',
    host: plain,
    reversible: false,
    steps: ({ files }) => [
      {
        name: 'Once',
        script: {
          text: 'echo begun >>"$1"\nsleep 0.2\necho "it says é"\necho ended >>"$1"',
          args: [join(files, 'log')],
        },
        register: 'first',
      },
      {
        name: 'Use it',
        command: ['/bin/sh', '-c', 'printf %s "$1" >>"$2"', 'sh', '${{ first.stdout }}', join(files, 'registered')],
      },
    ],
    invariants: (_host, { files }) => onceAtMost(join(files, 'log')),
    atEnd: async (_host, { files }) => {
      const registered = await readFile(join(files, 'registered'), 'utf8').catch(() => '');
      return [
        ...(await onceOnly(join(files, 'log'))),
        ...(registered === 'it says é\n' ? [] : [`what was registered arrived as ${JSON.stringify(registered)}`]),
      ];
    },
  },
  {
    operation: 'script',
    on: 'that fails in a block, and its rescue',
    host: plain,
    reversible: false,
    steps: ({ files }) => [
      {
        block: [
          { name: 'Fails', script: { text: 'echo tried >"$1"\nsleep 0.2\nexit 3', args: [join(files, 'tried')] } },
        ],
        rescue: [{ name: 'Once', command: once(join(files, 'log')) }],
        always: [{ name: 'Always', command: ['/bin/sh', '-c', 'echo always >>"$1"', 'sh', join(files, 'always')] }],
      },
    ],
    invariants: (_host, { files }) => onceAtMost(join(files, 'log')),
    atEnd: (_host, { files }) => onceOnly(join(files, 'log')),
  },
  {
    operation: 'upload',
    on: 'a new file, and one that is replaced',
    host: plain,
    reversible: true,
    powerSafe: true,
    files: async ({ files, laptop }) => {
      await writeFile(join(laptop, 'new'), 'new\n'.repeat(40_000));
      await writeFile(join(files, 'replaced'), 'as it was\n', { mode: 0o640 });
    },
    steps: ({ files, laptop }) => [
      { name: 'New', upload: { from: join(laptop, 'new'), to: join(files, 'new'), mode: '0600' } },
      { name: 'Replaced', upload: { from: join(laptop, 'new'), to: join(files, 'replaced'), mode: '0644' } },
    ],
    invariants: async (_host, { files }) => {
      const text = await readFile(join(files, 'replaced'), 'utf8');
      return text === 'as it was\n' || text === 'new\n'.repeat(40_000)
        ? []
        : [`the replaced file is neither the old one nor the new one: ${String(text.length)} characters`];
    },
    atEnd: async (_host, { files }) =>
      (await readdir(files)).some((name) => name.startsWith('.'))
        ? ['a temporary file was left beside the uploaded one']
        : [],
  },
  {
    operation: 'fetch',
    on: 'a file to the laptop',
    host: plain,
    reversible: true,
    files: async ({ files }) => {
      await writeFile(join(files, 'there'), 'there\n'.repeat(40_000));
    },
    steps: ({ files, laptop }) => [
      { name: 'Fetch', fetch: { from: join(files, 'there'), to: join(laptop, 'fetched') } },
    ],
    atEnd: async (_host, { laptop }) =>
      (await readFile(join(laptop, 'fetched'), 'utf8')) === 'there\n'.repeat(40_000)
        ? []
        : ['what was fetched is not what is there'],
  },
  {
    operation: 'volume_copy',
    on: 'into an empty directory',
    host: plain,
    reversible: true,
    powerSafe: true,
    files: async ({ files }) => {
      const from = join(files, 'from');
      await mkdir(join(from, 'below'), { recursive: true });
      await mkdir(join(files, 'to'));
      await writeFile(join(from, 'one'), 'one\n'.repeat(20_000));
      await writeFile(join(from, 'below/two'), 'two\n');
      await chmod(join(from, 'below/two'), 0o604);
      await link(join(from, 'one'), join(from, 'below/linked'));
      await symlink('one', join(from, 'symbolic'));
    },
    steps: ({ files }) => [{ name: 'Copy', volume_copy: { from: join(files, 'from'), to: join(files, 'to') } }],
    invariants: (_host, places) => sourceIsWhole(places),
  },
  {
    operation: 'grow_rootfs',
    on: 'devicemapper, xfs, restart of the daemon, relative size',
    host: always(twins['dm-xfs']),
    reversible: false,
    powerSafe: true,
    steps: () => grow({ size: '+192MiB', restart_daemon: true }),
  },
  {
    operation: 'grow_rootfs',
    on: 'devicemapper, ext4, restart owed',
    host: always(twins['dm-ext4']),
    reversible: false,
    powerSafe: true,
    steps: () => grow({ size: '200MiB', restart_daemon: false }),
  },
  {
    operation: 'grow_rootfs',
    on: 'devicemapper on LVM',
    host: twins['dm-lvm'],
    reversible: false,
    steps: () => grow({ size: '512MiB', restart_daemon: true }),
  },
  {
    operation: 'grow_rootfs',
    on: 'overlay2 with quotas, relative size',
    host: always(twins['overlay2-20']),
    reversible: true,
    powerSafe: true,
    steps: () => grow({ size: '200%' }),
  },
  {
    operation: 'repair_rootfs',
    on: 'a container that does not start',
    host: broken,
    reversible: true,
    steps: () => [{ name: 'Repair', repair_rootfs: { container: 'c1' } }],
  },
  {
    operation: 'trim_rootfs',
    on: 'two containers, one of which has removed nothing',
    host: always({
      ...twins['dm-xfs'],
      containers: [
        { name: 'c1', bytes: 320 * mib, removedBytes: 128 * mib },
        { name: 'c2', bytes: 320 * mib },
      ],
    }),
    reversible: false,
    powerSafe: true,
    steps: () => [{ name: 'Trim', trim_rootfs: { container: '*' } }],
  },
  {
    operation: 'dmsetup',
    on: 'load',
    host: twins['dm-xfs'],
    reversible: true,
    steps: () => [
      ...readTable,
      {
        name: 'Load',
        dmsetup: {
          action: 'load',
          device: '${{ c1.GraphDriver.Data.DeviceName }}',
          table: '0 1048576 thin ${{ live.pool }} ${{ live.device_id }}',
        },
      },
    ],
  },
  {
    operation: 'dmsetup',
    on: 'load and resume',
    host: twins['dm-xfs'],
    reversible: false,
    steps: () => [
      ...readTable,
      {
        name: 'Load',
        dmsetup: {
          action: 'load',
          device: '${{ c1.GraphDriver.Data.DeviceName }}',
          table: '0 1048576 thin ${{ live.pool }} ${{ live.device_id }}',
        },
      },
      { name: 'Resume', dmsetup: { action: 'resume', device: '${{ c1.GraphDriver.Data.DeviceName }}' } },
    ],
  },
  {
    operation: 'xfs_growfs',
    on: 'a device that is longer',
    host: twins['dm-xfs'],
    arrange: longer(1_048_576),
    reversible: false,
    restartSafe: false,
    steps: () => [{ name: 'Grow', xfs_growfs: { container: 'c1' } }],
  },
  {
    operation: 'resize2fs',
    on: 'a device that is longer',
    host: twins['dm-ext4'],
    arrange: longer(409_600),
    reversible: false,
    restartSafe: false,
    steps: () => [{ name: 'Grow', resize2fs: { container: 'c1' } }],
  },
  {
    operation: 'wait_for',
    on: 'a path that comes later',
    host: plain,
    reversible: false,
    steps: ({ files }) => [
      {
        name: 'Later',
        command: ['/bin/sh', '-c', '(sleep 1; : >"$1") </dev/null >/dev/null 2>&1 &', 'sh', join(files, 'there')],
      },
      { name: 'Wait', wait_for: { path: join(files, 'there'), for: '30s', every: '0.3s' } },
    ],
  },
  ...poolCases,
  ...driverCases,
  ...volumeCases,
  ...scaledCases,
  ...backupCases,
  {
    operation: 'pause',
    on: 'between two programs',
    host: plain,
    reversible: false,
    steps: ({ files }) => [
      { name: 'Wait', pause: { seconds: 0.3 } },
      { name: 'Once', command: once(join(files, 'log')) },
    ],
    atEnd: (_host, { files }) => onceOnly(join(files, 'log')),
  },
];

async function sourceIsWhole({ files }: Places): Promise<readonly string[]> {
  const [one, two] = await Promise.all(
    ['from/one', 'from/below/two'].map((name) => readFile(join(files, name), 'utf8').catch(() => '')),
  );
  return one === 'one\n'.repeat(20_000) && two === 'two\n' ? [] : ['the source of the copy is not what it was'];
}
