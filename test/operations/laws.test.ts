import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { argvFact } from '../../src/facts/argv.ts';
import { containerDetails } from '../../src/facts/containers/container-details.ts';
import { containers } from '../../src/facts/containers/containers.ts';
import { begunCopies } from '../../src/facts/copies/begun-copy.ts';
import { containerUsesIfAny, copySource } from '../../src/facts/copies/copy-source.ts';
import { daemonConfig } from '../../src/facts/daemon/daemon-config.ts';
import { copyDirectory, copyTools } from '../../src/facts/copies/directory-copy.ts';
import { deviceMapper, parseTableLine } from '../../src/facts/host/device-mapper.ts';
import { ask } from '../../src/facts/fact.ts';
import { copiedRecord } from '../../src/facts/copies/copied-record.ts';
import { fileSystem } from '../../src/facts/host/file-system.ts';
import { stoppedForCopies } from '../../src/facts/copies/stopped-for-copy.ts';
import { hostFile, laptopFile } from '../../src/facts/host/file.ts';
import { dmsetup } from '../../src/operations/primitives/dmsetup.ts';
import { eraseWant } from '../../src/operations/engine/erase.ts';
import { growRootfs } from '../../src/operations/rootfs/grow-rootfs.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { operations } from '../../src/operations/registry.ts';
import { repairRootfs } from '../../src/operations/rootfs/repair-rootfs.ts';
import { dependsOn } from '../../src/plan/dependence.ts';
import { commandLine } from '../../src/values/shell.ts';
import { Answers } from './known.ts';
import { planLawfully } from './plan-lawfully.ts';
import { offlineAnswers, offlineWorld } from './pool-offline-world.ts';
import { poolAnswers, poolWorld } from './pool-world.ts';
import type { RecordedHost } from './recorded-hosts.ts';
import { answersOf, mappedTo, MiB, recordedHost, sized, withoutDevice, withState } from './recorded-hosts.ts';
import { backup, backupWorld, recipient, restoreWorld, sealed, shelf } from './backups/world.ts';
import { driverWorld } from './daemon/driver-world.ts';
import { removalWorld } from './containers/removal-world.ts';
import { answers as recreateAnswers } from './containers/world.ts';
import { sendWish, sendWorld } from './volumes/send-world.ts';
import { scaledWorld } from './scaled/world.ts';
import { cleanAnswers, plainVolume } from './volumes/clean-world.ts';
import { answers as volumeAnswers } from './volumes/world.ts';

const file = {
  exists: true,
  kind: 'file',
  bytes: 1,
  mode: '0644',
  owner: '0:0',
  ownerNames: 'root:root',
  sha256: 'a'.repeat(64),
} as const;
const thin = {
  name: 'c',
  major: 253,
  minor: 1,
  openCount: 1,
  suspended: false,
  deferredRemove: false,
  table: [parseTableLine('0 8192 thin 253:0 4')],
  inactive: [],
  status: ['0 8192 thin 8 8'],
};
const pool = {
  ...thin,
  name: 'pool',
  minor: 0,
  table: [parseTableLine('0 999999 thin-pool 7:1 7:0 128 1 0')],
  status: ['0 999999 thin-pool 4 1/9 1/9000 - rw discard_passdown queue_if_no_space - 1'],
};
const directory = {
  kind: 'directory',
  path: '/a',
  identity: '1:1',
  born: 1,
  mode: '0755',
  owner: '0:0',
  mountsBelow: [],
  allocatedBytes: 1,
  apparentBytes: 1,
  entries: 1,
  availableBytes: 9,
  inodesTotal: 9,
  inodesAvailable: 9,
} as const;
const size = 400 * 1024 ** 2;
const holding = (kind: 'xfs' | 'ext4') =>
  ({
    deviceBytes: size * 2,
    superblock: { kind, blockSize: 4096, blocks: size / 4096, bytes: size, uuid: '' },
    bytes: size,
    mounts: [{ namespace: 'self', path: '/m' }],
  }) as const;

const thinHost = await recordedHost('dm-xfs');
const grown = sized(thinHost, { fileSystem: 640 * MiB, stored: 320 * MiB, daemon: 320 * MiB });
const stopped: RecordedHost = { ...withoutDevice(withState(grown, 'exited')), superblock: grown.superblock };

function baseSizeWorld(): Answers {
  const file = { text: '{"storage-opts":["dm.basesize=320M"]}', mode: '0644' };
  return answersOf(thinHost).set(ask(daemonConfig, thinHost.docker.root), {
    path: '/etc/docker/daemon.json',
    file,
    storageFlags: [],
    baseBytes: 320 * MiB,
  });
}

/** One input for each operation in the registry (and for some another one, in another world), with a world in which it has something to do or to read. */
const samples: Readonly<Record<string, { readonly want: unknown; readonly world: Answers }>> = {
  assert: { want: { that: [true] }, world: new Answers() },
  clean_volumes: {
    want: { named: true, older_than: '2d', except: 'db', keep_for: '30d' },
    world: cleanAnswers({ volumes: [plainVolume('scrap'), plainVolume('db')] }),
  },
  backup_volume: {
    want: { volume: 'foo', to: { laptop: 'kept' }, consistency: 'pause', keep: 2 },
    world: backupWorld(),
  },
  'backup_volume that encrypts': {
    want: { volume: 'foo', to: { path: '/kept' }, consistency: 'stop', encrypt_to: [recipient] },
    world: backupWorld(),
  },
  command: { want: ['id', '-u'], world: new Answers() },
  copy_volume: {
    want: { from: { path: '/a' }, to: { path: '/b' } },
    world: new Answers()
      .set(ask(copyTools), { rsync: [3, 2, 7], cp: true, tar: true, manifest: true, getfattr: true, getfacl: true })
      .set(ask(begunCopies), { directory: '/var/lib/plimsoll/copies', copies: [] })
      .set(ask(stoppedForCopies), { directory: '/var/lib/plimsoll/stopped', all: [] })
      .set(ask(copySource, '/a'), { sockets: 0, fixed: 0, firstFixed: [] })
      .set(ask(containerUsesIfAny), [])
      .set(ask(copiedRecord, '/a', '/b'), null)
      .set(ask(copyDirectory, '/a'), directory)
      .set(ask(copyDirectory, '/b'), { ...directory, path: '/b', identity: '1:2', entries: 0 }),
  },
  delete_scaled_volume: { want: { name: 'elk', index: 1 }, world: scaledWorld({ here: [1] }) },
  docker_inspect: {
    want: { container: 'c1' },
    world: new Answers()
      .set(ask(containers), [thinHost.container])
      .set(ask(containerDetails, thinHost.container.id), { Name: '/c1' }),
  },
  dmsetup: {
    want: { action: 'load', device: 'c', table: '0 16384 thin 253:0 4' },
    world: new Answers().set(ask(deviceMapper), { devices: { c: thin, pool } }),
  },
  fetch: {
    want: { from: '/etc/hosts', to: 'hosts' },
    world: new Answers()
      .set(ask(hostFile, '/etc/hosts'), file)
      .set(ask(laptopFile, 'hosts'), { exists: false, bytes: 0, sha256: '' }),
  },
  grow_pool: { want: { size: '+1GiB', metadata_size: '48MiB' }, world: poolAnswers(await poolWorld('dm-xfs')) },
  'grow_pool with the daemon stopped': {
    want: { size: '+1GiB', metadata_size: '48MiB', offline: true },
    world: offlineAnswers(offlineWorld(await poolWorld('dm-xfs'))),
  },
  'grow_pool of LVM': { want: { size: '110%', metadata_size: '200%' }, world: poolAnswers(await poolWorld('dm-lvm')) },
  grow_rootfs: { want: { container: 'c1', size: '640MiB' }, world: answersOf(thinHost) },
  'grow_rootfs by a size that is relative, with the daemon': {
    want: { container: 'c1', size: '200%', restart_daemon: true },
    world: answersOf(thinHost),
  },
  'grow_rootfs on overlay2': {
    want: { container: 'c1', size: '+64MiB' },
    world: answersOf(await recordedHost('overlay2-28')),
  },
  pause: { want: { seconds: '1m' }, world: new Answers() },
  recreate_container: {
    want: { container: 'plain', memory: '512MiB', labels: { a: 'b' }, gate: { seconds: '5s' } },
    world: recreateAnswers(),
  },
  remove_container: {
    want: { container: 'old', anonymous_volumes: 'quarantine', keep_for: '2d' },
    world: removalWorld(),
  },
  repair_rootfs: { want: { container: 'c1' }, world: answersOf(stopped) },
  resize2fs: { want: { device: '/dev/x' }, world: new Answers().set(ask(fileSystem, '/dev/x', '0'), holding('ext4')) },
  restore_volume: {
    want: { volume: 'new', from: { laptop: 'kept' }, backup: 'foo', size: '40MiB' },
    world: restoreWorld(),
  },
  'restore_volume that decrypts': {
    want: { volume: 'new', from: { laptop: 'kept' }, backup: 'foo', identity: '/root/age.key' },
    world: restoreWorld({ kept: shelf([backup(sealed)]) }),
  },
  scale_volume: { want: { volume: 'foo', size: '+20MiB', restart_daemon: true }, world: volumeAnswers() },
  'scale_volume by copy': {
    want: { container: 'app', path: '/data', size: '40MiB', method: 'copy', bwlimit: '10MiB', gate: { seconds: '5s' } },
    world: volumeAnswers(),
  },
  scaled_volume: { want: { name: 'elk', scale: 3, size: '40MiB', labels: { tier: 'log' } }, world: scaledWorld() },
  'scaled_volume without a size, by another driver': {
    want: { name: 'elk', scale: 3, driver: 'nfs', options: { share: 'elk' } },
    world: scaledWorld(),
  },
  script: { want: 'id', world: new Answers() },
  send_volume: {
    want: { from: { path: '/a' }, to: { host: 'b', path: '/b' }, bwlimit: '1MiB' },
    world: sendWorld(sendWish({ bwlimit: '1MiB' })),
  },
  set_base_size: { want: { size: '1GiB', restart_daemon: true }, world: baseSizeWorld() },
  'set_base_size for the next start': { want: { size: '1GiB' }, world: baseSizeWorld() },
  set_storage_driver: {
    want: { driver: 'overlay2', acknowledge_invisible: true, stop_containers: true },
    world: driverWorld(thinHost),
  },
  trim_rootfs: { want: { container: 'c1', at_least: '1GiB' }, world: answersOf(mappedTo(thinHost, 2 * 1024 * MiB)) },
  upload: {
    want: { from: 'a', to: '/b' },
    world: new Answers()
      .set(ask(laptopFile, 'a'), { exists: true, bytes: 1, sha256: 'b'.repeat(64) })
      .set(ask(hostFile, '/b'), file),
  },
  volume_copy: {
    want: { from: '/a', to: '/b', bwlimit: '1MiB' },
    world: new Answers()
      .set(ask(copyTools), { rsync: [3, 2, 7], cp: true, tar: true, manifest: true, getfattr: true, getfacl: true })
      .set(ask(begunCopies), { directory: '/var/lib/plimsoll/copies', copies: [] })
      .set(ask(copySource, '/a'), { sockets: 0, fixed: 0, firstFixed: [] })
      .set(ask(containerUsesIfAny), [])
      .set(ask(copyDirectory, '/a'), directory)
      .set(ask(copyDirectory, '/b'), { ...directory, path: '/b', identity: '1:2', entries: 0 }),
  },
  wait_for: {
    want: { argv: ['x'], for: '5m' },
    world: new Answers().set(ask(argvFact, '', '', 'x'), { status: 1, stdout: '', stderr: '', lines: [] }),
  },
  xfs_growfs: { want: { device: '/dev/x' }, world: new Answers().set(ask(fileSystem, '/dev/x', '0'), holding('xfs')) },
};

describe('every operation in the registry', () => {
  it.each([...operations])(
    '%s has a name, a summary of one line, and a schema that can be published',
    (name, operation) => {
      expect(operation.name).toBe(name);
      expect(name).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/);
      expect(operation.summary).toMatch(/^[A-Z][^\n]{10,140}[^.\n]$/);
      expect(z.toJSONSchema(operation.schema, { io: 'input' })).toMatchObject({ $schema: expect.any(String) });
    },
  );

  it('has a sample here, so that the laws are held to it', () => {
    expect([...operations.keys()].filter((name) => samples[name] === undefined)).toEqual([]);
  });

  it.each([...operations])('%s refuses keys that it does not know', (_name, operation) => {
    expect(operation.schema.safeParse({ no_such_key: 1 }).success).toBe(false);
    expect(operation.schema.safeParse(null).success).toBe(false);
  });
});

describe.each(Object.entries(samples))('%s', (title, { want: input, world }) => {
  const [name = ''] = title.split(' ');
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`${name} is not in the registry`);
  const want = operation.schema.parse(input);
  const planned = operation.plan(operation.pin?.(want, world) ?? want, world);

  it('takes its own parsed input again, as JSON, and makes the same of it', () => {
    expect(operation.schema.parse(JSON.parse(JSON.stringify(want)))).toEqual(want);
  });

  it('can be saved and journalled: its plan, and each of its changes, and what it was asked for', () => {
    expect(planLawfully(operation, want, world)).toEqual(planned);
  });

  it('asks for nothing that the sample does not know', () => {
    expect(
      operation
        .needs(want, world)
        .filter((request) => !world.has(request))
        .map(({ key }) => key),
    ).toEqual([]);
  });

  it('plans the same from the same, as plain JSON', () => {
    expect(planned.outcome).toBe(name === 'assert' || name === 'docker_inspect' ? 'noop' : 'change');
    expect(operation.plan(operation.pin?.(want, world) ?? want, world)).toEqual(planned);
    expect(JSON.parse(JSON.stringify(planned))).toEqual(planned);
    expect(JSON.parse(JSON.stringify(operation.touches(want, world)))).toEqual(operation.touches(want, world));
  });

  it('takes from a saved plan what it has made absolute itself, and nothing that the playbook says', () => {
    expect(operation.repin === undefined).toBe(operation.pin === undefined);
    const pinned = operation.pin?.(want, world) ?? want;
    // Saved, read again, and pinned anew: the same.
    expect(operation.repin?.(want, pinned, JSON.parse(JSON.stringify(pinned))) ?? pinned).toEqual(pinned);
    // A plan of which nothing was pinned has nothing to give.
    expect(operation.repin?.(want, pinned, want) ?? pinned).toEqual(pinned);
  });

  it('is what the same step after it depends on, where it changes something: its plan is certain only for the first', () => {
    const { reads, changes } = operation.touches(want, world);
    if (!operation.repeats)
      expect(dependsOn(reads, [{ step: 'first', changes }])).toEqual(changes.length === 0 ? [] : ['first']);
    if (operation.plan(want, world).outcome === 'change' && !operation.repeats && name !== 'wait_for')
      expect(changes).not.toEqual([]);
  });

  it('makes an atomic change only of what one script can do', () => {
    const kinds =
      planned.outcome === 'change'
        ? planned.changes.filter(({ atomic }) => atomic).flatMap(({ actions }) => actions.map(({ kind }) => kind))
        : [];
    expect(kinds.filter((kind) => !['exec', 'check', 'write-file'].includes(kind))).toEqual([]);
  });

  it('has scripts that are static: no value of the input is part of one', () => {
    for (const { fact, args } of operation.needs(want, world))
      for (const value of args.filter((text) => text.length > 2)) expect(fact.script).not.toContain(value);
  });
});

describe('eraseWant', () => {
  it('parses before every call, so that wrong input is an error of ours and not a wrong plan', () => {
    const erased = eraseWant(dmsetup);
    expect(() => erased.plan({ action: 'explode' }, new Answers())).toThrow(
      expect.objectContaining({ code: 'internal' }),
    );
    expect(typeof erased.readOnly === 'function' && erased.readOnly({ action: 'table', device: 'x' })).toBe(true);
    expect(Object.keys(erased)).not.toContain('pin');
    expect(Object.keys(erased)).not.toContain('verify');
  });
});

describe('whatever a playbook says', () => {
  it('dmsetup never plans a table that is shorter, or of another thin device', () => {
    const world = new Answers().set(ask(deviceMapper), { devices: { c: thin, pool } });
    fc.assert(
      fc.property(
        fc.nat(3),
        fc.nat(40_000),
        fc.constantFrom('thin', 'linear', 'thin-pool', 'zero'),
        fc.constantFrom('253:0', '253:9'),
        fc.nat(6),
        fc.constantFrom('', ' 253:7'),
        (start, length, target, device, id, origin) => {
          const parsed = dmsetup.schema.safeParse({
            action: 'load',
            device: 'c',
            table: `${String(start)} ${String(length)} ${target} ${device} ${String(id)}${origin}`,
          });
          if (!parsed.success) return;
          const { outcome } = dmsetup.plan(parsed.data, world);
          const safe =
            start === 0 && length >= 8192 && target === 'thin' && device === '253:0' && id === 4 && origin === '';
          expect(outcome).toBe(safe ? (length === 8192 ? 'noop' : 'change') : 'refused');
        },
      ),
    );
  });

  it('what a command is shown as is what runs', () => {
    const command = operations.get('command');
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ minLength: 1 }).filter((word) => !word.includes('\0')),
          { minLength: 1 },
        ),
        (argv) => {
          const planned = command?.plan({ argv }, new Answers());
          const action = planned?.outcome === 'change' ? planned.changes[0]?.actions[0] : undefined;
          expect(action?.kind === 'exec' ? commandLine(action.argv) : '').toBe(commandLine(argv));
        },
      ),
    );
  });
});

/** The sizes that a change leaves behind when each of its actions does what it says. */
function afterwards(host: RecordedHost, planned: Planned): RecordedHost {
  if (planned.outcome !== 'change') return host;
  return planned.changes
    .flatMap(({ actions }) => actions)
    .reduce((now, action) => {
      if (action.kind === 'write-file') return sized(now, { stored: Number(/"size":(\d+)/.exec(action.content)?.[1]) });
      if (action.kind === 'wait-until') return sized(now, { daemon: Number(action.equals) });
      if (action.kind !== 'exec') return now;
      const [program, verb] = action.argv;
      const table = action.argv.at(-1) ?? '';
      if (program === 'dmsetup' && (verb === 'load' || verb === 'create'))
        return activated(now, Number(table.split(' ')[1]) * 512);
      if (program === 'xfs_growfs' || program === 'resize2fs')
        return sized(now, { fileSystem: now.rootfs?.deviceBytes ?? 0 });
      return program === 'docker' && verb === 'start' ? withState(now, 'running') : now;
    }, host);
}

/** The container's device, active with that size, and what lies on it to be read there. */
function activated(host: RecordedHost, bytes: number): RecordedHost {
  const name = host.container.graph?.['DeviceName'] ?? '';
  const { superblock, rootfs } = host;
  const device = { ...thin, name, minor: 1, table: [parseTableLine(`0 ${String(bytes / 512)} thin 253:0 4`)] };
  const fileSystem =
    rootfs?.fileSystem ?? (superblock === null ? undefined : { kind: superblock.kind, bytes: superblock.bytes });
  return {
    ...host,
    mapper: { devices: { ...host.mapper.devices, [name]: device } },
    rootfs: rootfs === undefined ? undefined : { ...rootfs, deviceBytes: bytes, fileSystem },
  };
}

describe('root file systems, in every state that recipes and interruptions leave', () => {
  const recorded = thinHost;
  const bytes = fc.constantFrom(320, 480, 640, 960).map((number) => number * MiB);
  const sizes = fc.record({ device: bytes, fileSystem: bytes, stored: bytes, daemon: bytes });

  it('grow_rootfs never makes anything smaller, never names another device, and has nothing to do when it has been done', () => {
    fc.assert(
      fc.property(sizes, bytes, fc.boolean(), (state, wanted, restart) => {
        const want = growRootfs.schema.parse({
          container: 'c1',
          size: `${String(wanted / MiB)}MiB`,
          restart_daemon: restart,
        });
        const host = sized(recorded, state);
        const planned = planLawfully(growRootfs, want, answersOf(host));
        const smaller = wanted < state.device || wanted < state.stored || state.fileSystem > state.device;
        expect(planned.outcome === 'refused').toBe(smaller);
        for (const action of planned.outcome === 'change' ? planned.changes.flatMap(({ actions }) => actions) : []) {
          if (action.kind === 'exec' && action.argv[1] === 'load')
            expect(action.argv.at(-1)).toBe(`0 ${String(wanted / 512)} thin 253:0 4`);
          if (action.kind === 'write-file')
            expect(JSON.parse(action.content)).toEqual({
              ...(JSON.parse(host.rootfs?.stored.text ?? '{}') as object),
              size: wanted,
            });
        }
        if (smaller) return;
        const left = growRootfs.plan(want, answersOf(afterwards(host, planned)));
        expect(left.outcome).toBe('noop');
        expect(left.owed === undefined).toBe(restart || state.daemon >= wanted);
      }),
    );
  });

  it('repair_rootfs leaves a container that starts, with its whole file system, and nothing to do', () => {
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom('running', 'stopped', 'stopped, its device active'),
        fc.boolean(),
        fc.boolean(),
        (state, is, start, restart) => {
          const want = repairRootfs.schema.parse({ container: 'c1', start, restart_daemon: restart });
          const all = sized(recorded, state);
          const host =
            is === 'running'
              ? all
              : is === 'stopped'
                ? { ...withoutDevice(withState(all, 'exited')), superblock: all.superblock }
                : withState(all, 'exited');
          const planned = planLawfully(repairRootfs, want, answersOf(host));
          if (planned.outcome === 'refused') {
            expect({ is, lost: state.fileSystem > state.device }).toEqual({ is: 'running', lost: true });
            return;
          }
          const after = afterwards(host, planned);
          expect(repairRootfs.plan(want, answersOf(after)).outcome).toBe('noop');
          expect(after.rootfs?.stored.bytes).toBeGreaterThanOrEqual(
            is === 'running' || planned.outcome === 'change' ? state.fileSystem : 0,
          );
          if (planned.outcome === 'noop' || is === 'running') return;
          expect(after.rootfs?.deviceBytes ?? Number(after.container.graph?.['DeviceSize'])).toBeGreaterThanOrEqual(
            state.fileSystem,
          );
          expect(after.container.state.running).toBe(start);
        },
      ),
      { numRuns: 500 },
    );
  });
});
