import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import { dependants } from '../../../facts/containers/container-uses.ts';
import type { Replacement } from '../../../facts/containers/replacements.ts';
import { asObject, asText } from '../../../values/json.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { refuse } from '../../../values/refusal.ts';
import { formatBytes } from '../../../values/size.ts';
import { oneLine } from '../../../values/terminal.ts';
import { composeRefusal } from '../body/compose-file.ts';
import { unknownKeys } from '../body/create-body.ts';
import { lostMountOptions } from '../body/mounts.ts';
import { apiAtLeast } from '../body/networks.ts';
import type { Patch } from '../body/patch.ts';
import { isRandom } from '../body/ports.ts';
import { leftByFailure } from './under-way.ts';
import { byHand } from '../../../values/shell.ts';

/**
 * Why a container is not replaced, if it must not be. `uses` are all containers of the host; `underWay` says
 * that it has been begun, so that nothing but going on or back is right: what speaks against beginning does
 * not count any more.
 */
export function judgeReplacement(
  spec: ContainerSpec,
  patch: Patch,
  uses: readonly ContainerUse[],
  underWay?: Replacement,
  compose: 'by hand' | 'or compose: override' = 'by hand',
): Refusal | undefined {
  const composed = Object.hasOwn(asObject(spec.config['Labels']), 'com.docker.compose.project');
  return (
    orchestrated(spec) ??
    (composed ? composeRefusal(spec, patch, compose) : undefined) ??
    judgeWhatever(spec, patch, uses, underWay !== undefined)
  );
}

/** The same, whoever makes the new one. */
export function judgeWhatever(
  spec: ContainerSpec,
  patch: Patch,
  uses: readonly ContainerUse[],
  underWay: boolean,
): Refusal | undefined {
  return (
    unsuited(spec, patch) ??
    (underWay
      ? undefined
      : (stateRefusal(spec) ?? left(spec, uses) ?? dependantsRefusal(spec, uses) ?? writes(spec, patch)))
  );
}

const orchestrators: readonly (readonly [string, string, string])[] = [
  ['com.docker.swarm.', 'Docker Swarm', 'docker service update'],
  ['io.kubernetes.', 'Kubernetes', 'kubectl, or the manifest that it was made from'],
  ['com.hashicorp.nomad.', 'Nomad', 'nomad job run'],
  ['com.amazonaws.ecs.', 'Amazon ECS', 'a new revision of its task definition'],
];

export function orchestrated(spec: ContainerSpec): Refusal | undefined {
  const labels = Object.keys(asObject(spec.config['Labels']));
  const found = orchestrators.find(([prefix]) => labels.some((label) => label.startsWith(prefix)));
  return found === undefined
    ? undefined
    : refuse(
        `${spec.name} belongs to ${found[1]}, which makes and removes its containers itself`,
        `change it there: ${found[2]}`,
      );
}

/** The others take a size, and give none. */
const driversWithSizes = ['overlay2', 'devicemapper', 'btrfs', 'zfs'];

function unsuited(spec: ContainerSpec, patch: Patch): Refusal | undefined {
  const { image, storageSize } = patch;
  const { name, hostConfig } = spec;
  if (hostConfig['AutoRemove'] === true)
    return refuse(
      `${name} was made with --rm: Docker removes it, and its volumes without a name, as soon as it is stopped`,
      'make it anew without --rm',
    );
  if (spec.imageConfig === null)
    return refuse(
      `${name}: its image ${oneLine(spec.image, 19)} is not there any more, so the same container cannot be made again`,
      'load or pull that very image; or say image:, and the new one is made from it',
    );
  if (storageSize !== undefined && !driversWithSizes.includes(spec.driver))
    return refuse(
      `${name}: the storage driver ${oneLine(spec.driver)} has no sizes for root file systems: Docker would take one, and not keep it`,
      'leave out storage_size, and keep on a volume with a size what grows',
    );
  const unknown = unknownKeys(spec);
  if (unknown.length > 0)
    return refuse(
      `${name} has ${unknown.map((key) => oneLine(key, 80)).join(', ')}, which plimsoll does not know: whether the new container would have the same cannot be told`,
      'make it anew by hand, as it was made; or with a plimsoll that knows it',
    );
  const [lost] = lostMountOptions(spec, patch);
  if (lost !== undefined)
    return refuse(
      `${name}: what is mounted at ${oneLine(lost.path, 80)} has ${lost.keys.join(' and ')}, which what is asked for there cannot have`,
      `take it out in a step of its own first (mounts: { ${oneLine(lost.path, 80)}: null }), if it is to be lost`,
    );
  if (image !== undefined) return undefined;
  const now = asText(spec.config['Image']);
  if (spec.imageNow === null)
    return refuse(
      `${name} was made from ${oneLine(now)}, and there is no image of that name any more`,
      `give its image the name again: ${byHand('docker', 'tag', spec.image.slice(0, 19), oneLine(now))}; or say image:`,
    );
  if (spec.imageNow !== spec.image)
    return refuse(
      `${name} was made from ${oneLine(now)}, which is another image now: the new container would be something else`,
      `say image: ${oneLine(now)}, if that is wanted; otherwise image: ${spec.image}`,
    );
  return undefined;
}

function stateRefusal({ name, state, hostConfig }: ContainerSpec): Refusal | undefined {
  if (state.paused) return refuse(`${name} is paused`, byHand('docker', 'unpause', name));
  if (state.restarting || state.status === 'restarting')
    return refuse(
      `${name} is restarting again and again: whether a new one is better could not be told`,
      `put it right first, or stop it: ${byHand('docker', 'stop', name)}`,
    );
  if (state.dead || state.status === 'dead' || state.status === 'removing')
    return refuse(
      `${name} is ${state.status}: Docker has begun to remove it`,
      `${byHand('docker', 'rm', name)}, and make it anew`,
    );
  const requests = hostConfig['DeviceRequests'];
  if (
    Array.isArray(requests) &&
    requests.length > 0 &&
    !state.running &&
    /could not select device driver|nvidia/i.test(state.error)
  ) {
    return refuse(
      `${name} asks for devices (a GPU) that this host does not give: ${oneLine(state.error)}`,
      'install the driver and the container runtime for them first',
    );
  }
  return undefined;
}

function left(spec: ContainerSpec, uses: readonly ContainerUse[]): Refusal | undefined {
  const other = leftByFailure(
    spec,
    uses.filter(({ id }) => id !== spec.id).map(({ name }) => name),
  );
  if (other === undefined) return undefined;
  return refuse(
    `${other} is there: an earlier attempt to replace ${spec.name} has failed after it had run`,
    `look at what it has written; when that is not needed: ${byHand('docker', 'rm', other)}`,
  );
}

function dependantsRefusal(spec: ContainerSpec, uses: readonly ContainerUse[]): Refusal | undefined {
  const names = dependants(uses, spec.id).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return refuse(
    `other containers depend on ${spec.name} (volumes, a link or a namespace of it): ${names.join(', ')}`,
    `they would go on using the old one; remove them first, and make them anew afterwards: ${names.join(', ')}`,
  );
}

const shown = 5;

function writes({ name, writes: all, moreWrites }: ContainerSpec, { discardLayer }: Patch): Refusal | undefined {
  if (discardLayer === true || all.length === 0) return undefined;
  const more = all.length > shown ? `, and ${moreWrites ? 'more than ' : ''}${String(all.length - shown)} more` : '';
  return refuse(
    `${name} has written to its own layer, which a new container does not have: ${all
      .slice(0, shown)
      .map(({ path }) => oneLine(path, 80))
      .join(', ')}${more}`,
    'keep it on a volume, or commit it to an image (docker commit) and say image:; or say layer: discard, and it is lost with the old container at finalize',
  );
}

/** What the operator should know before saying yes. */
export function replacementWarnings(spec: ContainerSpec, patch: Patch): readonly string[] {
  const { name, hostConfig } = spec;
  const bindings = Object.entries(asObject(hostConfig['PortBindings']));
  const random =
    patch.pinPorts === true
      ? []
      : bindings
          .filter(
            ([port, list]) =>
              patch.ports?.[port] === undefined && (!Array.isArray(list) || list.length === 0 || list.some(isRandom)),
          )
          .map(([port]) => port);
  const all = hostConfig['PublishAllPorts'] === true && patch.pinPorts !== true;
  const policy = asObject(hostConfig['RestartPolicy'])['Name'];
  return [
    ...(random.length > 0 || all
      ? [
          `${name}: Docker chooses another port of the host for ${all ? 'what it publishes' : random.join(', ')}; pin_ports: true keeps the one that it has now`,
        ]
      : []),
    ...(spec.ownMacs === null && apiAtLeast(spec.api, 44) && Object.keys(spec.networks).length > 1
      ? [
          `${name}: whether somebody has set its MAC addresses cannot be read on the host; where Docker does not say so, the new one has others`,
        ]
      : []),
    ...(!spec.state.running && policy === 'always'
      ? [
          `${name} does not run: it would start with the daemon (restart: always); the new one, which has never run, does so only once somebody has started it`,
        ]
      : []),
    ...passingWarnings(spec),
    ...spec.mounts
      .filter((mount) => mount['Type'] === 'image')
      .map(
        (mount) =>
          `${name}: at ${oneLine(asText(mount['Destination']), 80)} the new one has what the image ${oneLine(asText(mount['Name']), 80)} is now: whether that is the one it has now cannot be told`,
      ),
    ...(patch.discardLayer === true && spec.writes.length > 0
      ? [
          `${name}: what it has written to its own layer is in the old container only: ${spec.writes
            .slice(0, shown)
            .map(({ path }) => oneLine(path, 80))
            .join(', ')}`,
        ]
      : []),
  ];
}

/** What is not meant to last is no reason to refuse; but it goes, and that is to be known. */
export function passingWarnings({ name, passing }: ContainerSpec): readonly string[] {
  if (passing === null) return [];
  const { count, first, layerBytes } = passing;
  const paths = first.map((path) => oneLine(path, 80)).join(', ');
  return [
    `${name}: ${count === 1 ? 'one path' : `${String(count)} paths`} below temporary directories of its own layer (of ${formatBytes(layerBytes)} in all) ${count === 1 ? 'stays' : 'stay'} in the old container, and ${count === 1 ? 'goes' : 'go'} with it: ${paths}${count > first.length ? ', …' : ''}`,
  ];
}
