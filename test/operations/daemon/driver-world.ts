import { containerUses } from '../../../src/facts/containers/container-uses.ts';
import type { ContainerUse } from '../../../src/facts/containers/container-uses.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import type { DaemonConfig } from '../../../src/facts/daemon/daemon-config.ts';
import { daemonConfig } from '../../../src/facts/daemon/daemon-config.ts';
import type { Docker } from '../../../src/facts/daemon/docker.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { StorageDrivers } from '../../../src/facts/daemon/storage-drivers.ts';
import { storageDrivers } from '../../../src/facts/daemon/storage-drivers.ts';
import { storageDriverNames } from '../../../src/operations/daemon/driver-config.ts';
import { askThinRootfs } from '../../../src/operations/rootfs/thin.ts';
import { Answers } from '../known.ts';
import type { RecordedHost } from '../recorded-hosts.ts';

export const driverText =
  '{\n  "live-restore": true,\n  "storage-driver": "devicemapper",\n  "storage-opts": ["dm.basesize=320M"],\n  "bridge": "none"\n}\n';

export interface DriverWorld {
  readonly docker?: Partial<Docker>;
  readonly config?: Partial<DaemonConfig>;
  readonly drivers?: Partial<StorageDrivers>;
  readonly use?: Partial<ContainerUse>;
  /** False: its container does not run. */
  readonly running?: boolean;
  readonly empty?: boolean;
}

/** A host with devicemapper and one container that has a volume. */
export function driverWorld(
  host: RecordedHost,
  { docker = {}, config = {}, drivers = {}, use = {}, running = true, empty = false }: DriverWorld = {},
): Answers {
  const all = { ...host.docker, ...docker };
  const { id, name, state } = host.container;
  const container = { ...host.container, state: { ...state, running } };
  const used: ContainerUse = {
    id,
    name,
    running,
    startedAt: state.startedAt,
    mounts: [
      { type: 'volume', name: 'foo', source: '/v/foo/_data', destination: '/data', readOnly: false, propagation: '' },
    ],
    volumesFrom: [],
    links: [],
    networkMode: 'default',
    pidMode: '',
    ipcMode: '',
    autoRemove: false,
    labels: {},
    ...use,
  };
  const answers = new Answers()
    .set(ask(dockerInfo), all)
    .set(ask(containers), empty ? [] : [container])
    .set(ask(containerUses), empty ? [] : [used])
    .set(ask(daemonConfig, all.root), {
      path: '/etc/docker/daemon.json',
      file: { text: driverText, mode: '0644' },
      storageFlags: [],
      baseBytes: undefined,
      ...config,
    });
  const thin = askThinRootfs(container, all);
  if (thin !== undefined && host.rootfs !== undefined) answers.set(thin, host.rootfs);
  for (const wanted of storageDriverNames) {
    answers.set(
      ask(
        storageDrivers,
        all.root,
        `/var/lib/plimsoll/backup/docker/daemon.json.storage-driver-${all.driver}-${wanted}`,
      ),
      {
        fileSystem: 'ext2/ext3',
        ftype: undefined,
        overlay: true,
        containers: empty ? [] : [{ id, name, driver: 'devicemapper', volumes: ['foo'] }],
        images: empty ? {} : { devicemapper: 3 },
        backup: undefined,
        ...drivers,
      },
    );
  }
  return answers;
}
