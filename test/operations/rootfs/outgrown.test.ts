import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import { compositions } from '../../../src/facts/containers/compositions.ts';
import type { Container } from '../../../src/facts/containers/containers.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import { containerUses } from '../../../src/facts/containers/container-uses.ts';
import { containerUsesIfAny } from '../../../src/facts/copies/copy-source.ts';
import type { ComposeProject } from '../../../src/facts/containers/compose-project.ts';
import { askComposeProject } from '../../../src/facts/containers/compose-project.ts';
import type { Docker } from '../../../src/facts/daemon/docker.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import type { FactRequest } from '../../../src/facts/fact.ts';
import { ask } from '../../../src/facts/fact.ts';
import { replacements } from '../../../src/facts/containers/replacements.ts';
import type { ThinRootfs } from '../../../src/facts/rootfs/thin-rootfs.ts';
import { thinRootfs } from '../../../src/facts/rootfs/thin-rootfs.ts';
import { askContainerSpec } from '../../../src/facts/containers/container-spec.ts';
import { askCopiedInto } from '../../../src/facts/copies/copied-into.ts';
import { backupVolume } from '../../../src/operations/backups/backup-volume.ts';
import { composeContainerOf } from '../../../src/operations/containers/compose/compose-project.ts';
import { recreateContainer } from '../../../src/operations/containers/recreate/recreate-container.ts';
import { growPool } from '../../../src/operations/pools/grow-pool.ts';
import type { Operation, Planned } from '../../../src/operations/engine/operation.ts';
import { followReading } from '../../../src/operations/engine/reading.ts';
import { judgeStopped, readOutgrown, stoppedReads } from '../../../src/operations/rootfs/outgrown.ts';
import { askThinRootfs } from '../../../src/operations/rootfs/thin.ts';
import { setStorageDriver } from '../../../src/operations/daemon/set-storage-driver.ts';
import { copyVolume } from '../../../src/operations/copies/copy-volume.ts';
import { scaleVolume } from '../../../src/operations/volumes/scale-volume.ts';
import { sendVolume } from '../../../src/operations/copies/send/send-volume.ts';
import { recordedSpec } from '../../facts/recorded-specs.ts';
import { appId, backupWorld } from '../backups/world.ts';
import { CopyHost } from '../copy-host.ts';
import { driverWorld } from '../daemon/driver-world.ts';
import { Answers } from '../known.ts';
import { knowHere } from '../on-this-machine.ts';
import { planLawfully } from '../plan-lawfully.ts';
import { offlineAnswers, offlineWorld } from '../pool-offline-world.ts';
import type { PoolWorld } from '../pool-world.ts';
import { poolWorld } from '../pool-world.ts';
import type { RecordedHost } from '../recorded-hosts.ts';
import { MiB, recordedHost, sized } from '../recorded-hosts.ts';
import { sendWish, sendWorld, user } from '../volumes/send-world.ts';
import { answers as scaleAnswers, docker, ids } from '../volumes/world.ts';
import { answers as recreateAnswers } from '../containers/world.ts';

/** MiB of a running container's root file system, as it is; as Docker has stored of its device; and as the running daemon holds. */
interface Sizes {
  readonly fileSystem: number | undefined;
  readonly stored: number;
  readonly daemon: number | undefined;
}

interface More {
  readonly liveRestore?: boolean;
  /** Of these only; of all when absent. */
  readonly of?: (container: { readonly id: string; readonly name: string }) => boolean;
}

const record = (bytes: number): ThinRootfs['stored'] => ({ path: '/m', deviceId: 7, bytes, text: '{}', mode: '0600' });

/** The same host with its containers on devicemapper; those that are meant of these sizes, the others as they should be. */
function onDevices(known: Answers, sizes: Sizes, { liveRestore = true, of = () => true }: More = {}): Answers {
  const all = known.get(ask(containers)) ?? [];
  const uses = known.get(ask(containerUses)) ?? known.get(ask(containerUsesIfAny)) ?? [];
  const host: Docker = {
    ...docker,
    version: '20.10.24',
    major: 20,
    ...known.get(ask(dockerInfo)),
    driver: 'devicemapper',
    liveRestore,
  };
  const described = [
    ...all,
    ...uses
      .filter(({ id }) => all.every((one) => one.id !== id))
      .map(({ id, name, running }): Container => ({
        id,
        name,
        image: 'sha256:1',
        labels: {},
        state: {
          status: running ? 'running' : 'exited',
          running,
          paused: false,
          restarting: false,
          pid: running ? 7 : 0,
          startedAt: '',
          error: '',
        },
        driver: 'devicemapper',
        graph: null,
        storageOpt: null,
        autoRemove: false,
        restart: { name: 'no', maximumRetryCount: 0 },
      })),
  ];
  const its = (container: Container): Sizes => (of(container) ? sizes : { fileSystem: 320, stored: 320, daemon: 320 });
  const onDevice = described.map((container): Container => {
    const { daemon } = its(container);
    return {
      ...container,
      driver: 'devicemapper',
      graph: {
        DeviceName: `docker-254:0-1-${container.name}`,
        DeviceId: '7',
        ...(daemon === undefined ? {} : { DeviceSize: String(daemon * MiB) }),
      },
    };
  });
  known.set(ask(dockerInfo), host).set(ask(containers), onDevice);
  for (const container of onDevice) {
    const { fileSystem, stored } = its(container);
    const request = askThinRootfs(container, host);
    if (request !== undefined)
      known.set(request, {
        deviceBytes: (fileSystem ?? stored) * MiB,
        fileSystem: fileSystem === undefined ? undefined : { kind: 'xfs', bytes: fileSystem * MiB },
        stored: record(stored * MiB),
        usage: undefined,
      });
  }
  return known;
}

/** Plans, once everything that is needed is known; and of which devices it has asked. */
function planned<Want>(
  operation: Operation<Want>,
  want: Want,
  known: Answers,
): { readonly plan: Planned; readonly devices: readonly string[] } {
  const needs: readonly FactRequest[] = operation.needs(want, known);
  expect(needs.filter((request) => !known.has(request)).map(({ key }) => key)).toEqual([]);
  return {
    plan: planLawfully(operation, want, known),
    devices: [
      ...new Set(needs.filter(({ fact }) => fact.name === thinRootfs.name).map(({ args: [name = ''] }) => name)),
    ],
  };
}

const asked = recordedSpec('docker-28', 'plain');
const compose = (key: string): string => `com.docker.compose.${key}`;
const composeLabels = {
  [compose('project')]: 'shop',
  [compose('service')]: 'db',
  [compose('oneoff')]: 'False',
  [compose('version')]: '2.40.3',
  [compose('config-hash')]: 'abc',
  [compose('project.working_dir')]: '/srv/shop',
  [compose('project.config_files')]: '/srv/shop/compose.yaml',
};

function composedAnswers(): Answers {
  const spec = { ...asked, writes: [], config: { ...asked.config, Labels: composeLabels } };
  const known = recreateAnswers();
  const [container] = known.the(ask(containers));
  if (container === undefined) throw new Error('no container');
  const its = { ...container, labels: composeLabels };
  const project: ComposeProject = {
    tool: { command: 'docker compose', release: '2.40.3' },
    directoryExists: true,
    missing: [],
    override: 'absent',
    replicas: 1,
    would: ['Container plain Running'],
    complaint: '',
    suits: true,
    plain: [],
  };
  const of = composeContainerOf(its);
  if (of === undefined) throw new Error('not of Compose');
  return known
    .set(ask(containers), [its])
    .set(askContainerSpec(spec.id), spec)
    .set(ask(compositions), [])
    .set(askCopiedInto('/srv'), null)
    .set(askComposeProject(of), project);
}

let dm: RecordedHost;
let pool: PoolWorld;
let copyHost: CopyHost;
beforeAll(async () => {
  [dm, pool] = [await recordedHost('dm-xfs'), await poolWorld('dm-xfs')];
});
beforeEach(() => {
  copyHost = new CopyHost();
  copyHost.tools = { ...copyHost.tools, getfattr: true, getfacl: true };
  writeFileSync(join(copyHost.from, 'plain'), 'plain');
  copyHost.container('app', copyHost.from);
  copyHost.container('other', '/srv/elsewhere');
});
afterEach(() => {
  copyHost.remove();
});

/** How an operation is asked to stop a running container `name` and others have nothing to do with it, on such a host. */
interface Row {
  readonly operation: string;
  readonly name: string;
  readonly plan: (sizes: Sizes, more?: More, want?: object) => ReturnType<typeof planned>;
  /** Which sizes the device may be activated with. */
  readonly counts: 'daemon' | 'stored' | 'both';
}

const rows: readonly Row[] = [
  {
    operation: 'copy_volume',
    name: 'app',
    counts: 'daemon',
    plan: (sizes, more, want = {}) => {
      const wish = copyVolume.schema.parse({
        from: { path: copyHost.from },
        to: { path: copyHost.to },
        stop: true,
        ...want,
      });
      return planned(
        copyVolume,
        wish,
        knowHere(copyVolume, wish, copyHost.lead, onDevices(copyHost.answers(), sizes, more)),
      );
    },
  },
  {
    operation: 'send_volume',
    name: 'app',
    counts: 'daemon',
    plan: (sizes, more, want = {}) => {
      const wish = sendWish({ stop: true, ...want });
      return planned(
        sendVolume,
        wish,
        onDevices(sendWorld(wish, { uses: [user('app', '/a'), user('other', '/srv')] }), sizes, more),
      );
    },
  },
  {
    operation: 'backup_volume',
    name: 'app',
    counts: 'daemon',
    plan: (sizes, more, want = {}) =>
      planned(
        backupVolume,
        backupVolume.schema.parse({ volume: 'foo', to: { laptop: 'kept' }, consistency: 'stop', ...want }),
        onDevices(backupWorld(), sizes, more),
      ),
  },
  {
    operation: 'scale_volume by copy',
    name: 'app',
    counts: 'both',
    plan: (sizes, more, want = {}) =>
      planned(
        scaleVolume,
        scaleVolume.schema.parse({ volume: 'foo', size: '40MiB', method: 'copy', ...want }),
        onDevices(scaleAnswers(), sizes, more),
      ),
  },
  {
    operation: 'recreate_container',
    name: 'plain',
    counts: 'both',
    plan: (sizes, more, want = {}) =>
      planned(
        recreateContainer,
        recreateContainer.schema.parse({ container: 'plain', memory: '512MiB', ...want }),
        onDevices(recreateAnswers(), sizes, more),
      ),
  },
  {
    operation: 'recreate_container by Compose',
    name: 'plain',
    counts: 'both',
    plan: (sizes, more, want = {}) =>
      planned(
        recreateContainer,
        recreateContainer.schema.parse({ container: 'plain', memory: '512MiB', compose: 'override', ...want }),
        onDevices(composedAnswers(), sizes, more),
      ),
  },
  {
    operation: 'set_storage_driver',
    name: 'c1',
    counts: 'both',
    plan: ({ fileSystem, stored, daemon }, { liveRestore = true } = {}, want = {}) => {
      const host = sized(dm, {
        device: (fileSystem ?? stored) * MiB,
        stored: stored * MiB,
        daemon: daemon === undefined ? Number.NaN : daemon * MiB,
        ...(fileSystem === undefined ? {} : { fileSystem: fileSystem * MiB }),
      });
      const { rootfs } = host;
      const known = driverWorld(
        fileSystem !== undefined || rootfs === undefined
          ? host
          : { ...host, rootfs: { ...rootfs, fileSystem: undefined } },
        { docker: { liveRestore } },
      );
      return planned(
        setStorageDriver,
        setStorageDriver.schema.parse({
          driver: 'overlay2',
          acknowledge_invisible: true,
          stop_containers: true,
          ...want,
        }),
        known,
      );
    },
  },
  {
    operation: 'grow_pool, offline',
    name: 'web',
    counts: 'stored',
    plan: (sizes, more, want = {}) =>
      planned(
        growPool,
        growPool.schema.parse({ size: '3GiB', offline: true, ...want }),
        onDevices(offlineAnswers(offlineWorld(pool)), sizes, { of: ({ name }) => name === 'web', ...more }),
      ),
  },
];

const stored: Sizes = { fileSystem: 512, stored: 320, daemon: 320 };
const held: Sizes = { fileSystem: 512, stored: 512, daemon: 320 };
const lowered: Sizes = { fileSystem: 512, stored: 320, daemon: 512 };

describe.each(rows)(
  '$operation of a container on devicemapper that somebody has grown by hand',
  ({ name, plan, counts }) => {
    it('is refused where Docker has not stored it: it would not start again', () => {
      expect(plan(stored).plan).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining(
          `${name} would not start again once it is stopped: its file system has 512 MiB, and Docker has stored 320 MiB of its device`,
        ),
        remedy: expect.stringContaining(
          `put that right first, while it runs: repair_rootfs with container: ${name}${counts === 'stored' ? '' : ' and restart_daemon: true'}`,
        ),
      });
    });

    it('which daemon starts it again decides which size counts', () => {
      expect(plan(held).plan).toMatchObject(
        counts === 'stored'
          ? { outcome: 'change' }
          : {
              outcome: 'refused',
              reason: expect.stringContaining(
                `its file system has 512 MiB, and the running Docker daemon holds 320 MiB of its device: the 512 MiB that are stored it reads when it starts next`,
              ),
            },
      );
      expect(plan(lowered).plan).toMatchObject({ outcome: counts === 'daemon' ? 'change' : 'refused' });
    });

    it('without live-restore it is said what has to be done before the daemon restarts', () => {
      const { remedy } = plan(stored, { liveRestore: false }).plan as Extract<Planned, { readonly outcome: 'refused' }>;
      if (counts === 'stored') expect(remedy).not.toContain('live-restore');
      else
        expect(remedy).toContain(
          'live-restore is off, so that a restart of the daemon would stop it: before, set "live-restore": true',
        );
    });

    it('is refused where it cannot be told', () => {
      const nothing = {
        outcome: 'refused',
        reason: expect.stringContaining(`whether ${name} would start again once it is stopped is not known: `),
        remedy: expect.stringMatching(/^look at it .*; or stop it yourself first/),
      };
      expect(plan({ ...stored, fileSystem: undefined }).plan).toMatchObject(nothing);
      expect(plan({ ...stored, daemon: undefined }).plan).toMatchObject(nothing);
    });

    it('goes on where it is stored and the daemon has read it', () => {
      expect(plan({ fileSystem: 512, stored: 512, daemon: 512 }).plan.outcome).toBe('change');
    });
  },
);

describe('only what would be stopped is asked about', () => {
  const devices = (operation: string, want: object = {}): readonly string[] =>
    rows.find((row) => row.operation === operation)?.plan({ fileSystem: 320, stored: 320, daemon: 320 }, {}, want)
      .devices ?? ['no such row'];
  it.each<[string, object, readonly string[]]>([
    ['copy_volume', {}, ['app']],
    ['copy_volume', { stop: false, to: { path: '/srv' } }, []],
    ['send_volume', {}, ['app']],
    ['backup_volume', {}, ['app']],
    ['backup_volume', { consistency: 'pause' }, []],
    ['backup_volume', { consistency: 'live' }, []],
    ['scale_volume by copy', {}, ['app']],
    ['scale_volume by copy', { method: 'in_place' }, []],
    ['scale_volume by copy', { size: '20MiB' }, []],
    ['recreate_container', {}, ['plain']],
    ['recreate_container', { memory: undefined, restart: 'no' }, []],
    ['recreate_container by Compose', {}, ['plain']],
    ['grow_pool, offline', {}, ['db', 'web']],
    ['grow_pool, offline', { offline: false }, []],
  ])('%s %j: %j', (operation, want, wanted) => {
    expect(
      devices(operation, want)
        .map((name) => name.replace('docker-254:0-1-', ''))
        .toSorted(),
    ).toEqual(wanted);
  });

  it('and of no device where the driver has none', () => {
    const known = backupWorld();
    const [container] = onDevices(backupWorld(), stored).the(ask(containers));
    known.set(ask(containers), [
      { ...(container ?? { id: appId }), driver: 'overlay2', graph: { MergedDir: '/m' } } as Container,
    ]);
    expect(
      backupVolume
        .needs(backupVolume.schema.parse({ volume: 'foo', to: { laptop: 'kept' }, consistency: 'stop' }), known)
        .filter(({ fact }) => [thinRootfs.name, dockerInfo.name].includes(fact.name)),
    ).toEqual([]);
  });
});

it('nothing is looked up of Docker where nobody would be stopped', () => {
  const without = new Answers()
    .fail(ask(dockerInfo), new AppError('no-docker', 'there is none'))
    .fail(ask(containers), new AppError('no-docker', 'there is none'));
  const { asked, seen } = followReading(readOutgrown([]), without);
  expect([asked, seen && judgeStopped([], seen.value, 'either'), seen && stoppedReads([], seen.value)]).toEqual([
    [],
    undefined,
    [],
  ]);
});

it('a step that changes the device before it makes it uncertain', () => {
  const wish = sendWish({ stop: true });
  const known = onDevices(sendWorld(wish, { uses: [user('app', '/a')] }), stored);
  expect(sendVolume.touches(wish, known).reads).toEqual(
    expect.arrayContaining([`container:${user('app', '/a').id}`, 'device:docker-254:0-1-app']),
  );
  const scaled = scaleVolume.schema.parse({ volume: 'foo', size: '40MiB', method: 'copy' });
  expect(scaleVolume.touches(scaled, onDevices(scaleAnswers(), stored)).reads).toEqual(
    expect.arrayContaining([`container:${ids.app}`, 'device:docker-254:0-1-app']),
  );
  const world = onDevices(offlineAnswers(offlineWorld(pool)), stored);
  expect(growPool.touches(growPool.schema.parse({ size: '3GiB', offline: true }), world).reads).toContain(
    'device:docker-254:0-1-web',
  );
  const driver = setStorageDriver.schema.parse({ driver: 'overlay2' });
  expect(setStorageDriver.touches(driver, driverWorld(dm)).reads).toEqual(
    expect.arrayContaining([`container:${dm.container.id}`, `device:${dm.container.graph?.['DeviceName'] ?? ''}`]),
  );
});

/** Every file that has containers stopped, and who has judged that: a new one is to be judged too (CONTRIBUTING.md). */
it('whoever stops containers is known here', () => {
  const root = join(import.meta.dirname, '../../../src/operations');
  const stopping = /\bdocker (stop|kill|restart) ["$-]|argv: \['docker', '(stop|kill|restart)'/;
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => /\.(ts|sh)$/.test(path));
  const stops = files.filter((path) => stopping.test(readFileSync(join(root, path), 'utf8')));
  expect(stops.toSorted()).toEqual([
    'backups/archive.sh', // backup_volume
    'containers/replace/replace-main.sh', // recreate_container and scale_volume
    'containers/replace/replace.sh', // the same: the new ones, when the old ones come back
    'containers/replace/undo-main.sh', // their rollback
    'copies/send/send.sh', // send_volume
    'copies/stop-and-copy.sh', // copy_volume
    'daemon/go-back-to-driver.sh', // set_storage_driver, where it goes back
    'daemon/switch-driver.sh', // set_storage_driver
    'pools/stop-containers.sh', // grow_pool
    'rootfs/repair-thin.ts', // the rollback of a start
  ]);
});

it('a replacement that has been begun can only go on, or back', () => {
  const known = onDevices(recreateAnswers(), stored).set(ask(replacements), [
    { old: asked.id, new: undefined, name: 'plain', restart: 'no', wasRunning: true, step: 'stopping' },
  ]);
  expect(
    recreateContainer.plan(recreateContainer.schema.parse({ container: 'plain', memory: '512MiB' }), known).outcome,
  ).toBe('change');
});
