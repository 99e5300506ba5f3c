import type { Ground } from './ground.ts';
import type { Pick } from './pick.ts';
import type { Places } from './places.ts';

/** Another host, which a step may have to do with. */
export const peerName = 'there';

interface Given {
  /** Of the step, from 1. */
  readonly number: number;
  readonly pick: Pick;
  readonly ground: Ground;
  readonly places: Places;
}

/** What a step says of an operation; `needs`: a step that registers what it reads, before it. */
interface Made {
  readonly input: unknown;
  readonly more?: object;
  readonly needs?: readonly object[];
  /** Applied again it would do something again: its size is relative to now. */
  readonly relative?: boolean;
}

const runningIn = ({ spec }: Ground): readonly string[] =>
  (spec.containers ?? []).filter(({ running }) => running === true).map(({ name }) => name);
const gate = { gate: { seconds: 0.1 } };
const container = ({ pick, ground }: Given): string => pick.among(ground.containers, 'c9');
const volume = ({ pick, ground }: Given): string => pick.among(ground.volumes, 'none');

/** One for each operation that a step can use: random, and mostly such as make sense on the ground. */
export const stepMakers: Readonly<Record<string, (given: Given) => Made>> = {
  assert: ({ pick }) => ({
    input: { that: pick.of([true, "${{ host.name == 'host' }}", ['${{ host.port > 0 }}', true]]) },
  }),
  command: ({ pick, places: { files } }) => ({
    input: pick.of([
      {
        argv: [
          '/bin/sh',
          '-c',
          'echo "$1" >>"$2"',
          'sh',
          pick.of(['word', "it's", '$(id)', 'two words']),
          `${files}/log`,
        ],
      },
      {
        argv: ['/bin/sh', '-c', 'cat >>"$1"', 'sh', `${files}/fed`],
        stdin: pick.of(['text', "line'1\nline 2\n", '%s\\n']),
      },
      { argv: ['touch', `${files}/made`], creates: `${files}/made` },
      { argv: ['/bin/sh', '-c', 'exit 3'], success: [0, 3] },
      { argv: ['cat', `${files}/there`], read_only: true },
      { argv: ['env', 'A=1', 'touch', 'here'], chdir: files },
    ]),
  }),
  script: ({ pick, places: { files } }) => ({
    input: pick.of([
      { text: 'echo "$1" >>"$2"', args: ['word', `${files}/log`] },
      { text: `for n in 1 2; do\n  echo "$n it's" >>'${files}/log'\ndone` },
      { text: 'cat "$1"', args: [`${files}/there`], read_only: true },
      { text: '#!/bin/bash\nset -e\n: >>"$1"', args: [`${files}/log`], creates: `${files}/never` },
    ]),
  }),
  upload: ({ pick, places: { files } }) => ({
    input: {
      from: pick.of(['new', 'other']),
      to: `${files}/${pick.of(['uploaded', 'there'])}`,
      mode: pick.of(['0644', '0600']),
    },
  }),
  fetch: ({ pick, places: { files } }) => ({
    input: { from: `${files}/${pick.of(['there', 'more'])}`, to: pick.of(['fetched', 'new']) },
  }),
  volume_copy: ({ pick, places: { files } }) => ({
    input: {
      from: `${files}/${pick.of(['from', 'other'])}`,
      to: `${files}/${pick.of(['to', 'full'])}`,
      delete: pick.number(4) !== 3,
    },
  }),
  pause: ({ pick }) => ({ input: { seconds: pick.of([0.01, 0.05]) } }),
  wait_for: ({ pick, ground, places: { files } }) => ({
    input: pick.of([
      { path: `${files}/there` },
      { argv: ['true'] },
      { argv: ['cat', `${files}/more`], equals: 'more' },
      ...runningIn(ground).map((name) => ({ container: name, for: '1s', every: 0.2 })),
    ]),
  }),
  docker_inspect: (given) => ({ input: { container: container(given) } }),

  dmsetup: (given) => {
    const {
      pick,
      number,
      ground: { fileSystem },
    } = given;
    const [it, live] = [`it${String(number)}`, `live${String(number)}`];
    const device = `\${{ ${it}.GraphDriver.Data.DeviceName }}`;
    const action = pick.of(['table', 'info', 'status', 'load', 'resume']);
    const inspected = { docker_inspect: { container: container(given) }, register: it };
    if (action !== 'load') return { input: { action, device }, needs: [inspected] };
    const sectors = fileSystem === 'xfs' ? 1_048_576 : 409_600;
    return {
      input: { action, device, table: `0 ${String(sectors)} thin \${{ ${live}.pool }} \${{ ${live}.device_id }}` },
      needs: [inspected, { dmsetup: { action: 'table', device }, register: live }],
    };
  },
  grow_rootfs: (given) => {
    const {
      pick,
      ground: { containerMib },
    } = given;
    const size = pick.of([`${String(containerMib + 192)}MiB`, '+192MiB', '200%', `${String(containerMib * 3)}MiB`]);
    return {
      input: { container: pick.is() ? container(given) : '*', size, restart_daemon: pick.is() },
      relative: /[+%]/.test(size),
    };
  },
  repair_rootfs: (given) => ({
    input: {
      container: container(given),
      ...given.pick.sometimes({ start: false }),
      ...given.pick.sometimes({ restart_daemon: true }),
    },
  }),
  trim_rootfs: (given) => ({
    input: {
      container: given.pick.is() ? container(given) : '*',
      ...given.pick.sometimes({ at_least: given.pick.of(['1MiB', '10GiB']) }),
      ...given.pick.sometimes({ only_running: true }),
    },
  }),
  xfs_growfs: (given) => ({ input: { container: container(given) } }),
  resize2fs: (given) => ({ input: { container: container(given) } }),
  grow_pool: ({ pick }) => {
    const size = pick.of(['3GiB', '+1GiB', '150%']);
    const metadata = pick.of([{}, { metadata_size: '64MiB' }, { metadata_size: '200%' }]);
    return {
      input: { size, ...metadata, ...pick.sometimes({ offline: true }) },
      relative: /[+%]/.test(size + JSON.stringify(metadata)),
    };
  },
  set_base_size: ({ pick }) => ({ input: { size: pick.of(['1GiB', '12GiB']), restart_daemon: pick.is() } }),
  set_storage_driver: ({ pick, ground: { isDevicemapper } }) => {
    const consent = { acknowledge_invisible: pick.number(4) !== 3, stop_containers: pick.number(4) !== 3 };
    return { input: { driver: pick.of(['overlay2', 'vfs', ...(isDevicemapper ? ['devicemapper'] : [])]), ...consent } };
  },

  backup_volume: (given) => {
    const {
      pick,
      places: { files },
    } = given;
    const to = [{ laptop: 'backups' }, { path: `${files}/kept` }];
    const kept = {
      consistency: pick.of(['stop', 'live', 'pause']),
      ...pick.sometimes({ content_list: false }),
      ...pick.sometimes({ keep: 1 }),
    };
    return { input: { volume: volume(given), to: pick.of(to), ...kept } };
  },
  restore_volume: (given) => {
    const from = volume(given);
    const to = { path: `${given.places.files}/kept` };
    const first = { name: `Back ${from} up first`, backup_volume: { volume: from, to, consistency: 'stop' } };
    return {
      input: {
        volume: given.pick.of(['restored', 'data']),
        from: to,
        backup: from,
        ...given.pick.sometimes({ size: '60MiB' }),
      },
      needs: [first],
    };
  },
  clean_volumes: ({ pick }) => {
    const which = pick.of([{ named: true }, { named: true, name: ['scrap-*', 'data'] }, {}]);
    return { input: { ...which, ...pick.sometimes({ not_label: 'keep' }), keep_for: pick.of(['7d', 0, '1h']) } };
  },
  copy_volume: (given) => {
    const { pick } = given;
    const from = volume(given);
    const to = pick.among(
      given.ground.volumes.filter((name) => name !== from),
      'none',
    );
    const consent = { stop: pick.of([true, true, false]), delete: pick.number(4) !== 3 };
    const way = {
      ...pick.sometimes({ method: pick.of(['rsync', 'cp', 'tar']) }),
      ...pick.sometimes({ first_pass_only: true }),
    };
    // Another first pass is another pass.
    return {
      input: { from: { volume: from }, to: { volume: to }, ...consent, ...way },
      relative: 'first_pass_only' in way,
    };
  },
  scale_volume: (given) => {
    const { pick } = given;
    const size = pick.of(['40MiB', '+20MiB', '200%', '18MiB']);
    const way = { method: pick.of(['auto', 'in_place', 'copy']), ...pick.sometimes({ restart_daemon: true }) };
    return { input: { volume: volume(given), size, ...way, ...gate }, relative: /[+%]/.test(size) };
  },
  recreate_container: (given) => {
    const { pick } = given;
    const env = { A: pick.of(['2', '3']), ...pick.sometimes({ TOKEN: null }) };
    const more = {
      ...pick.sometimes({ memory: '64MiB' }),
      ...pick.sometimes({ restart: 'always' }),
      ...pick.sometimes({ labels: { tier: 'db' } }),
    };
    return { input: { container: container(given), env, ...more, ...gate } };
  },
  remove_container: (given) => ({
    input: {
      container: given.pick.among(given.ground.containers.toReversed(), 'c9'),
      anonymous_volumes: given.pick.of(['keep', 'quarantine']),
    },
  }),
  scaled_volume: ({ pick }) => ({
    input: {
      name: 'elk',
      scale: pick.of([1, 2]),
      size: pick.of(['20MiB', '30MiB']),
      ...pick.sometimes({ labels: { tier: 'log' } }),
    },
  }),
  delete_scaled_volume: ({ pick }) => ({ input: { name: 'elk', index: pick.of([1, 2]) } }),
  send_volume: (given) => ({
    input: { from: { volume: volume(given) }, to: { host: peerName, volume: 'moved' }, stop: true },
  }),
};

/** What steps are mostly about, by the kind of ground. */
export const ofTheme = {
  files: ['command', 'script', 'upload', 'fetch', 'volume_copy', 'pause', 'wait_for', 'assert'],
  devicemapper: [
    'grow_rootfs',
    'dmsetup',
    'repair_rootfs',
    'trim_rootfs',
    'xfs_growfs',
    'resize2fs',
    'grow_pool',
    'set_base_size',
    'set_storage_driver',
    'docker_inspect',
    'wait_for',
    'command',
  ],
  volumes: [
    'scale_volume',
    'copy_volume',
    'backup_volume',
    'restore_volume',
    'clean_volumes',
    'recreate_container',
    'remove_container',
    'scaled_volume',
    'delete_scaled_volume',
    'send_volume',
    'grow_rootfs',
    'set_storage_driver',
    'command',
  ],
} as const;
