import type { HostStatus } from '../errors.ts';
import { hostStatusOf } from '../errors.ts';
import type { Container } from '../facts/containers/containers.ts';
import { containers } from '../facts/containers/containers.ts';
import type { ContainerUse } from '../facts/containers/container-uses.ts';
import { containerUses } from '../facts/containers/container-uses.ts';
import { deviceMapper } from '../facts/host/device-mapper.ts';
import type { DirectoryQuota } from '../facts/host/directory-quotas.ts';
import type { DiskSpace } from '../facts/host/disk-space.ts';
import type { Docker } from '../facts/daemon/docker.ts';
import { dockerInfo } from '../facts/daemon/docker.ts';
import type { FactRequest, Known } from '../facts/fact.ts';
import { ask } from '../facts/fact.ts';
import { invisibleTo } from '../facts/daemon/storage-drivers.ts';
import type { Volume } from '../facts/volumes/volumes.ts';
import { volumes } from '../facts/volumes/volumes.ts';
import { layerDirectory } from '../operations/rootfs/grow-overlay.ts';
import { askThinRootfs } from '../operations/rootfs/thin.ts';
import { surveyFileSystems } from './file-systems.ts';
import type { ContainerSurvey, DockerSurvey, HostSurvey } from './host-survey.ts';
import { noSurvey } from './host-survey.ts';
import { mountsOf } from './mounts.ts';
import {
  askMounted,
  askPool,
  askQuotas,
  askRecords,
  askSpaces,
  askUsage,
  attempt,
  directoriesOf,
  isDirectory,
  mountedVolumes,
  type SurveyWant,
  unmeasured,
  valueOf,
} from './needs.ts';
import { surveyPool } from './pool.ts';
import { layerSurvey, thinRootfsSurvey, unlimitedRootfs } from './rootfs.ts';
import { surveyVolume } from './volume-survey.ts';

/** When each volume was last seen in use, by its name, as far as earlier surveys know. */
export type LastUsed = Readonly<Record<string, string | null>>;

/** All that the facts say of one host. What could not be read is a gap; what must be read and was not is an error. */
export function makeSurvey(host: string, want: SurveyWant, known: Known, lastUsed: LastUsed): HostSurvey {
  const asked = attempt(known, ask(dockerInfo));
  if (asked === undefined) throw new Error('docker was not asked');
  if ('error' in asked)
    return noSurvey(host, hostStatusOf(asked.error.code), {
      code: asked.error.code,
      message: asked.error.message,
      hint: asked.error.hint ?? '',
    });
  const docker = asked.value;
  const gaps = new Gaps(known);
  const all = gaps.read(ask(containers)) ?? [];
  const uses = gaps.read(ask(containerUses)) ?? [];
  const some = gaps.read(ask(volumes)) ?? [];
  const records = gaps.read(askRecords(docker));
  const invisible = records === undefined ? [] : invisibleTo(docker.driver, records);
  const thin = docker.driver === 'devicemapper';
  const mapper = thin ? gaps.read(ask(deviceMapper)) : undefined;
  const sizes = new Sizes(want, known, docker, all, some);
  const described = all.map((container) =>
    surveyContainer(container, { docker, uses, volumes: some, sizes, rootfs: (request) => gaps.read(request), mapper }),
  );
  const pool = mapper === undefined ? null : surveyPool(docker, mapper, gaps.read(askPool(docker)), described);
  if (thin && mapper !== undefined && pool === null) gaps.add("the daemon's thin pool is not active");
  const fileSystems = surveyFileSystems(
    docker,
    gaps.read(askSpaces(docker)) ?? [],
    gaps.read(askQuotas(docker, all, some))?.mounts ?? [],
  );
  const surveyed = some.map((volume) =>
    surveyVolume(volume, uses, invisible, { ...sizes.ofVolume(volume), lastUsed: lastUsedOf(lastUsed, volume) }),
  );
  return {
    host,
    status: gaps.status,
    error: null,
    docker: surveyDocker(docker),
    fileSystems,
    pool,
    containers: described,
    volumes: surveyed,
    gaps: gaps.messages,
  };
}

function lastUsedOf(lastUsed: LastUsed, { name }: Volume): string | undefined {
  return (Object.hasOwn(lastUsed, name) ? lastUsed[name] : undefined) ?? undefined;
}

function surveyDocker({
  version,
  driver,
  containerdImageStore,
  root,
  liveRestore,
  rootless,
  operatingSystem,
  kernel,
}: Docker): DockerSurvey {
  return { version, driver, imageStore: containerdImageStore, root, liveRestore, rootless, operatingSystem, kernel };
}

interface Around {
  readonly docker: Docker;
  readonly uses: readonly ContainerUse[];
  readonly volumes: readonly Volume[];
  readonly sizes: Sizes;
  readonly rootfs: <Value>(request: FactRequest<Value>) => Value | undefined;
  readonly mapper: Parameters<typeof thinRootfsSurvey>[2];
}

function surveyContainer(
  container: Container,
  { docker, uses, volumes: some, sizes, rootfs, mapper }: Around,
): ContainerSurvey {
  const { id, name, state } = container;
  const use = uses.find((one) => one.id === id);
  return {
    id,
    name,
    state: state.status,
    startError: state.error,
    rootfs: rootfsOf(),
    mounts: use === undefined ? [] : mountsOf(use, uses, some),
  };

  function rootfsOf(): ContainerSurvey['rootfs'] {
    if (docker.driver === 'overlay2') return layerSurvey(...sizes.ofLayer(layerDirectory(container)));
    const request = docker.driver === 'devicemapper' ? askThinRootfs(container, docker) : undefined;
    return request === undefined ? unlimitedRootfs() : thinRootfsSurvey(container, rootfs(request), mapper);
  }
}

/** The answers that came for many directories at once, by directory. */
class Sizes {
  readonly quotas: ReadonlyMap<string, DirectoryQuota | null> | undefined;
  readonly #walked: ReadonlyMap<string, number | null>;
  readonly #mounted: ReadonlyMap<string, DiskSpace | null>;

  constructor(want: SurveyWant, known: Known, docker: Docker, all: readonly Container[], some: readonly Volume[]) {
    const quotas = valueOf(known, askQuotas(docker, all, some));
    this.quotas =
      quotas === undefined
        ? undefined
        : new Map(directoriesOf(docker, all, some).map((path, index) => [path, quotas.directories[index] ?? null]));
    const usage = askUsage(want, docker, all, some, known);
    const walked = usage === undefined ? undefined : valueOf(known, usage);
    this.#walked = new Map(unmeasured(known, docker, all, some).map((path, index) => [path, walked?.[index] ?? null]));
    const mounts = askMounted(docker, all, some, known);
    const spaces = mounts === undefined ? undefined : valueOf(known, mounts);
    this.#mounted = new Map(
      mountedVolumes(known, docker, all, some).map(({ name }, index) => [name, spaces?.[index] ?? null]),
    );
  }

  ofLayer(directory: string | undefined): [DirectoryQuota | null | undefined, number | null] {
    return directory === undefined
      ? [undefined, null]
      : [this.quotas?.get(directory), this.#walked.get(directory) ?? null];
  }

  ofVolume(volume: Volume) {
    const quota = isDirectory(volume) ? this.quotas?.get(volume.mountpoint) : undefined;
    return { quota, mounted: this.#mounted.get(volume.name), walked: this.#walked.get(volume.mountpoint) ?? null };
  }
}

/** What could not be read, each once. */
class Gaps {
  readonly #known: Known;
  readonly #messages = new Set<string>();
  #failed = false;

  constructor(known: Known) {
    this.#known = known;
  }

  read<Value>(request: FactRequest<Value>): Value | undefined {
    const answer = attempt(this.#known, request);
    if (answer === undefined || 'value' in answer) return answer?.value;
    // A container that went away meanwhile is no failure; an answer that cannot be understood is.
    if (hostStatusOf(answer.error.code) === 'failed') this.#failed = true;
    this.add(answer.error.message);
    return undefined;
  }

  add(message: string): void {
    this.#messages.add(message);
  }

  get messages(): readonly string[] {
    return [...this.#messages];
  }

  get status(): HostStatus {
    return this.#failed ? 'failed' : 'ok';
  }
}
