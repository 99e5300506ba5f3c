import * as z from 'zod';
import { containerUses } from '../../facts/containers/container-uses.ts';
import { containers } from '../../facts/containers/containers.ts';
import { daemonConfig } from '../../facts/daemon/daemon-config.ts';
import type { Docker } from '../../facts/daemon/docker.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import { storageDrivers } from '../../facts/daemon/storage-drivers.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import type { SeenBy } from '../engine/reading.ts';
import { together } from '../engine/reading.ts';
import { readOutgrown } from '../rootfs/outgrown.ts';
import type { DriverConfig } from './driver-config.ts';
import { isOptionOf, readDriverConfig, storageDriverNames } from './driver-config.ts';

export const setStorageDriverSchema = z
  .strictObject({
    driver: z.enum(storageDriverNames).describe('the driver that the daemon is to have'),
    options: z
      .array(z.string().regex(/^[a-z0-9_.]+=\S+$/, 'name=value'))
      .optional()
      .describe(
        'its storage-opts: [overlay2.size=20G]; those of the old driver are taken out of daemon.json, because dockerd does not start with an option that its driver does not know',
      ),
    acknowledge_invisible: z
      .boolean()
      .optional()
      .describe(
        'true: you know that Docker will not see the containers and images that it has now, as the preview names them, until the old driver is set again',
      ),
    stop_containers: z
      .boolean()
      .optional()
      .describe('true: the running containers may be stopped; they are started again when it fails, or is rolled back'),
  })
  .superRefine(({ driver, options = [] }, context) => {
    for (const option of options) {
      if (!isOptionOf(driver, option))
        context.addIssue({ code: 'custom', path: ['options'], message: `${option} is no option of ${driver}` });
      if (option.startsWith('dm.directlvm_device'))
        context.addIssue({
          code: 'custom',
          path: ['options'],
          message: `${option} lets dockerd format a disk: make the thin pool by hand, and give it as dm.thinpooldev`,
        });
    }
  });

export type DriverWant = z.infer<typeof setStorageDriverSchema>;

export function* readDriver(want: DriverWant) {
  const [docker] = yield* together(ask(dockerInfo));
  const [all, uses, config, drivers] = yield* together(
    ask(containers),
    ask(containerUses),
    ask(daemonConfig, docker.root),
    ask(storageDrivers, docker.root, backupPath(docker, want)),
  );
  // Those that run, where the driver becomes another one.
  const stopped = docker.driver === want.driver ? [] : all.filter(({ state }) => state.running).map(({ id }) => id);
  return { docker, all, uses, config, drivers, stopped, outgrown: yield* readOutgrown(stopped, docker) };
}
export type DriverSeen = SeenBy<typeof readDriver>;

export interface DriverSituation extends DriverSeen {
  readonly parsed: DriverConfig;
}

/** One for each pair of drivers: what is there from another one is left alone. */
export function backupPath({ driver }: Docker, want: DriverWant): string {
  return `/var/lib/plimsoll/backup/docker/daemon.json.storage-driver-${driver}-${want.driver}`;
}

export function situationOf(seen: DriverSeen): DriverSituation | Refusal {
  const { docker, config } = seen;
  if (docker.containerdImageStore)
    return refuse(
      "Docker keeps its images in containerd's store, where there are no storage drivers",
      'turn the containerd-snapshotter feature off in daemon.json by hand first: what is in the store becomes invisible too',
    );
  if (docker.rootless)
    return refuse("this is a rootless daemon, whose configuration is its user's", 'set it as that user, by hand');
  if (!docker.systemdUnit)
    return refuse(
      'the Docker daemon does not run as docker.service of systemd, so it cannot be restarted from here',
      `set "storage-driver" in ${config.path} and restart the daemon in its own way`,
    );
  if (config.driverFlag !== undefined || config.storageFlags.length > 0) {
    const flags = [
      ...(config.driverFlag === undefined ? [] : [`--storage-driver ${config.driverFlag}`]),
      ...config.storageFlags.map((flag) => `--storage-opt ${flag}`),
    ];
    return refuse(
      `dockerd is started with ${flags.join(' ')}, and does not start when ${config.path} says the same`,
      'move it from the command line (systemctl cat docker) into the file first',
    );
  }
  const parsed = readDriverConfig(config.file?.text ?? '');
  if (parsed === undefined)
    return refuse(
      `${config.path} is not understood: no JSON object, a storage-driver that is no text, or storage-opts that are not a list of texts`,
      'put it right by hand; as it is, the daemon may not start again',
    );
  return { ...seen, parsed };
}
