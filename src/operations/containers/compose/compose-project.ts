import type { ComposeContainer, ComposeLabels, ComposeProject } from '../../../facts/containers/compose-project.ts';
import { composeLabels } from '../../../facts/containers/compose-project.ts';
import type { Composition } from '../../../facts/containers/compositions.ts';
import type { Container } from '../../../facts/containers/containers.ts';
import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import { asObject, canonicalJson } from '../../../values/json.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { refuse } from '../../../values/refusal.ts';
import { byHand } from '../../../values/shell.ts';
import { oneLine } from '../../../values/terminal.ts';
import type { ContainerPlan } from '../../engine/outcome.ts';
import { asked } from '../body/asked.ts';
import { composeContainer } from './compose-change.ts';
import { overridePath } from '../body/compose-file.ts';
import type { FidelityLine } from '../body/fidelity.ts';
import { explain } from '../body/fidelity.ts';
import { mountOptionsBeyond } from '../body/mounts.ts';
import { judgeWhatever, orchestrated, replacementWarnings } from '../replace/judge.ts';
import type { Gate, Patch } from '../body/patch.ts';

/** The containers, with the old one in the place of whatever Compose has left of it while it is under way. */
export function withComposed(all: readonly Container[], compositions: readonly Composition[]): readonly Container[] {
  const pending = compositions.filter(({ step }) => step !== 'done');
  const partOf = ({ labels }: Container, { project, service }: Composition): boolean => {
    const own = composeLabels(labels);
    return own !== undefined && !own.oneOff && own.project === project && own.service === service;
  };
  return [
    ...all.filter((container) => !pending.some((one) => partOf(container, one))),
    ...pending.map(({ old, name, ...one }): Container => ({
      ...(all.find((container) => partOf(container, { old, name, ...one })) ?? gone),
      id: old,
      name,
    })),
  ];
}

/** Nothing is known of it but its id and name: what is to be known of it was written down. */
const gone: Container = {
  id: '',
  name: '',
  image: '',
  labels: {},
  state: { status: 'exited', running: false, paused: false, restarting: false, pid: 0, startedAt: '', error: '' },
  driver: '',
  graph: null,
  storageOpt: null,
  autoRemove: false,
  restart: { name: 'no', maximumRetryCount: 0 },
};

/** What is asked about the project of a container; undefined where Compose has not made it. */
export function composeContainerOf({
  name,
  image,
  labels: all,
}: Pick<Container, 'name' | 'image' | 'labels'>): ComposeContainer | undefined {
  const labels = composeLabels(all);
  if (labels === undefined) return undefined;
  const ours = labels.files.filter((file) => isOverride(file, labels));
  return {
    name,
    image,
    labels,
    override: overridePath(labels.directory, labels.service, ours.length + 1),
    overridden: ours.length > 0,
  };
}

function isOverride(file: string, { directory, service }: ComposeLabels): boolean {
  const first = overridePath(directory, service, 1);
  const number = /\.(\d+)\.yaml$/.exec(file)?.[1];
  return file === first || (number !== undefined && file === overridePath(directory, service, Number(number)));
}

export interface Asking {
  readonly spec: ContainerSpec;
  readonly patch: Patch;
  readonly gate: Gate;
  readonly uses: readonly ContainerUse[];
  /** Undefined while it is under way: then it does not count any more what speaks against beginning. */
  readonly project: ComposeProject | undefined;
  readonly underWay: Composition | undefined;
}

export function planComposed({ spec, patch, gate, uses, project, underWay }: Asking): ContainerPlan {
  const container = composeContainerOf({ name: spec.name, image: spec.image, labels: stringLabels(spec) });
  if (container === undefined) return refuse(`Compose has not made ${spec.name}`, 'leave compose: out');
  const { labels, override } = container;
  if (underWay === undefined && asked(spec, patch).length === 0)
    return { changes: [], warnings: [], owed: project === undefined ? [] : owedOf(container, project) };
  const refusal =
    orchestrated(spec) ??
    judgeWhatever(spec, patch, uses, underWay !== undefined) ??
    unsayable(spec, patch) ??
    (underWay !== undefined || project === undefined ? undefined : judgeProject(spec, labels, override, project));
  if (refusal !== undefined) return refusal;
  const change = composeContainer({
    subject: `container:${spec.name}`,
    spec,
    patch,
    labels,
    override,
    gate,
    ...(underWay === undefined ? {} : { underWay: underWay.step }),
  });
  return {
    changes: [change],
    warnings: [
      ...replacementWarnings(spec, { ...patch, discardLayer: false }),
      `${spec.name}: Compose removes the old container, so that none is kept: going back means that Compose makes it anew from the files of its project`,
      ...(patch.discardLayer === true && spec.writes.length > 0
        ? [
            `${spec.name}: what it has written to its own layer is lost at once: ${spec.writes
              .slice(0, 5)
              .map(({ path }) => oneLine(path, 80))
              .join(', ')}`,
          ]
        : []),
    ],
    owed: [owedText(labels, spec.name, override)],
  };
}

function stringLabels(spec: ContainerSpec): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(asObject(spec.config['Labels'])).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );
}

function owedText(labels: ComposeLabels, name: string, next?: string): string {
  const { directory } = labels;
  const all = [...labels.files.filter((file) => isOverride(file, labels)), ...(next === undefined ? [] : [next])].join(
    ' and ',
  );
  return `${name} is what it is by ${all}: a docker compose up in ${directory} without that makes it as it was before. Take its lines over into the project's own file, or name it in COMPOSE_FILE (${directory}/.env)`;
}

/** Said until the project's own files make the same container. */
function owedOf({ overridden, labels, name }: ComposeContainer, { plain }: ComposeProject): readonly string[] {
  return !overridden || (plain.length === 1 && plain[0] === running(name)) ? [] : [owedText(labels, name)];
}

const running = (name: string): string => `Container ${name} Running`;

/** What an override file cannot say, because Compose puts lists together instead of replacing them. */
function unsayable(spec: ContainerSpec, patch: Patch): Refusal | undefined {
  const { name } = spec;
  const inFile = `say it in the project's own file, and run docker compose up`;
  const label = Object.entries(patch.labels ?? {}).find(
    ([key, value]) => value === null && Object.hasOwn(asObject(spec.config['Labels']), key),
  );
  if (label !== undefined)
    return refuse(`${name}: an override file of Compose cannot take out the label ${oneLine(label[0], 80)}`, inFile);
  const path = Object.entries(patch.mounts ?? {}).find(
    ([at, mount]) => mount === null && spec.mounts.some((one) => one['Destination'] === at),
  );
  if (path !== undefined)
    return refuse(`${name}: an override file of Compose cannot take out the mount at ${oneLine(path[0], 80)}`, inFile);
  const [beyond] = mountOptionsBeyond(spec, patch);
  if (beyond !== undefined)
    return refuse(
      `${name}: what is mounted at ${oneLine(beyond.path, 80)} has ${beyond.keys.join(' and ')}, which an override file would take from it`,
      inFile,
    );
  const bindings = asObject(spec.hostConfig['PortBindings']);
  const port = Object.entries(patch.ports ?? {}).find(
    ([key, wanted]) =>
      Object.hasOwn(bindings, key) &&
      canonicalJson(bindings[key]) !==
        canonicalJson(wanted?.map(({ hostIp, hostPort }) => ({ HostIp: hostIp, HostPort: hostPort })) ?? null),
  );
  if (port !== undefined)
    return refuse(
      `${name} publishes its port ${port[0]} already, and an override file of Compose can only add to that`,
      inFile,
    );
  return patch.pinPorts === true
    ? refuse(
        `${name}: which ports Compose has left to Docker is said in the project's files`,
        `leave pin_ports out, or ${inFile}`,
      )
    : undefined;
}

function judgeProject(
  spec: ContainerSpec,
  labels: ComposeLabels,
  override: string,
  project: ComposeProject,
): Refusal | undefined {
  const { name, state } = spec;
  const { directory, files, service, version } = labels;
  if (labels.oneOff)
    return refuse(
      `${name} was made by docker compose run, once, and Compose does not make it anew`,
      'run it again yourself',
    );
  if (service === '' || labels.hash === '' || !directory.startsWith('/') || files.length === 0)
    return refuse(
      `${name}: its labels do not say which files Compose has made it from`,
      'docker compose up with files in a directory of this host makes it anew, with these labels',
    );
  if (!project.directoryExists)
    return refuse(
      `${name}: the directory of its project, ${directory}, is not on this host`,
      'bring the files of the project there, or run docker compose where they are',
    );
  if (project.missing.length > 0)
    return refuse(
      `${name}: files that Compose has made it from are not on this host: ${project.missing.map((file) => oneLine(file, 200)).join(', ')}`,
      'bring them there, or run docker compose where they are',
    );
  if (project.tool === undefined)
    return refuse(
      `${name} was made by Compose ${version}, and this host has neither docker compose nor docker-compose`,
      'install it there',
    );
  if (!state.running)
    return refuse(
      `${name} does not run, and Compose would start it`,
      `start it first: ${byHand('docker', 'start', name)}`,
    );
  if (project.replicas !== 1)
    return refuse(
      `the service ${service} has ${String(project.replicas)} containers, and an override file is for all of them`,
      "say it in the project's own file, and run docker compose up",
    );
  if (project.override === 'other')
    return refuse(
      `${override} is there, and it is not as plimsoll has written it`,
      `take what is in it over into the project's own file, and remove it`,
    );
  if (!project.suits)
    return refuse(
      `${name}: docker-compose ${project.tool.release} cannot make a container anew with this image and this Docker (it fails with 'ContainerConfig' when the old one is stopped already)`,
      'install Docker Compose 2 there (docker compose), and make the project anew with that: docker compose up',
    );
  const { would, complaint } = project;
  const [dry, verb] = project.tool.command === 'docker compose' ? [['--dry-run'], ['up', '-d']] : [[], ['config']];
  const named = ['-p', labels.project, ...files.flatMap((file) => ['-f', file])];
  const tool = byHand(...project.tool.command.split(' '), ...dry, ...named, ...verb);
  const tryThere = `try it there: ${byHand('cd', directory)} && ${tool}`;
  if (would === undefined)
    return refuse(
      `${name}: Compose cannot read the files of its project as it did when it made it: ${oneLine(complaint, 300)}`,
      tryThere,
    );
  if (would.length !== 1 || would[0] !== running(name))
    return refuse(
      `the files of the project, read here, would not make ${name} as it is: they have been changed since it was made, or it was made with other variables in the environment (Compose would: ${oneLine(would.join('; '), 300)})`,
      `put the variables into ${directory}/.env, or run docker compose up yourself first; ${tryThere}`,
    );
  return undefined;
}

/** What Compose itself writes, or in another order. */
const itsOwn =
  /^(Config\.(Labels|Volumes)|HostConfig\.(Binds|Mounts|ExtraHosts|Ulimits|CapAdd|CapDrop|GroupAdd|SecurityOpt|VolumesFrom)|network .*\.Aliases)$/;

/** Every key of both; what the script has compared element by element on the host, before it was content, is explained by that. */
export function explainComposed(old: ContainerSpec, fresh: ContainerSpec, patch: Patch): readonly FidelityLine[] {
  return explain(old, fresh, patch).map((line) =>
    line.kind === 'unexplained' && itsOwn.test(line.what)
      ? {
          ...line,
          kind: 'named-by-docker',
          why: 'labels, volumes without a name, and the order of lists are up to Compose',
        }
      : line,
  );
}
