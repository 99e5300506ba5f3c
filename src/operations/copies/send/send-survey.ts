import * as z from 'zod';
import { begunCopies } from '../../../facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import { containers } from '../../../facts/containers/containers.ts';
import { containerUsesIfAny, copySource } from '../../../facts/copies/copy-source.ts';
import type { CopyTools } from '../../../facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../../facts/copies/directory-copy.ts';
import { dockerInfo } from '../../../facts/daemon/docker.ts';
import {
  address as ipAddress,
  copyLabel,
  type CopyLabel,
  crossing,
  type Crossing,
  type HostPath,
  hostPath,
  plainText,
} from '../../../facts/crossing.ts';
import type { Fact, FactRequest, Known } from '../../../facts/fact.ts';
import { ask, askOf } from '../../../facts/fact.ts';
import type { Peer } from '../../../facts/peer.ts';
import { peer } from '../../../facts/peer.ts';
import { realPath } from '../../../facts/host/real-path.ts';
import { receivedCopy, receivingHost, roomIn } from '../../../facts/copies/receiving-host.ts';
import { rsyncServerCommands, sendingHost, treeState } from '../../../facts/copies/sending-host.ts';
import { stoppedForCopies } from '../../../facts/copies/stopped-for-copy.ts';
import { volumes } from '../../../facts/volumes/volumes.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { isRefused } from '../../../values/refusal.ts';
import { outgrownNeeds } from '../../rootfs/outgrown.ts';
import { copyRate } from '../copy-input.ts';
import { namesOf } from '../copy-survey.ts';
import type { DockerFacts, Located, CopyPlace } from '../places.ts';
import { isPlace, locate, place, placeProblem } from '../places.ts';
import { volumeName } from '../../versions/versions.ts';
import type { RsyncSets } from './send-pass.ts';
import { rsyncSets, setsInOrder } from './send-pass.ts';
import { usersOfBoth } from '../stop-users.ts';

const destination = z
  .strictObject({
    host: z.string().min(1).describe('the other host, by its name in the inventory'),
    ...place.shape,
    volume: z
      .string()
      .regex(volumeName, "must be a name that Docker's local volumes can have")
      .optional()
      .describe('the name of a volume'),
    address: z
      .string()
      .regex(/^[A-Za-z0-9.:_-]+$/, 'must be a name or an address')
      .optional()
      .describe('the address that the source reaches it at, where that is not the one in the inventory'),
    port: z
      .number()
      .int()
      .min(1)
      .max(65_535)
      .optional()
      .describe('the SSH port that the source reaches it at, where that is not the one in the inventory'),
  })
  .refine(isPlace, placeProblem);

export const sendVolumeSchema = z.strictObject({
  from: place.describe('what is copied, on the host of the step'),
  to: destination.describe(
    'what becomes the same, on another host: a volume, which is made if there is none of the name; or a directory, which exists and is empty or a copy of it already',
  ),
  stop: z
    .boolean()
    .optional()
    .describe(
      'true: containers that use the source are stopped for the final pass and started again whatever becomes of it; false: they run on, and what they write makes the verification fail',
    ),
  bwlimit: copyRate.optional(),
  delete: z.boolean().default(false).describe('the destination may hold something else, which is replaced and removed'),
  source_address: ipAddress
    .optional()
    .describe('the address that the destination sees the source at, where something translates addresses between them'),
  since: z
    .string()
    .optional()
    .describe('filled in by a plan: the last pass before it, so that a copy made since counts'),
});
export type SendWant = z.infer<typeof sendVolumeSchema>;

/** One of the two hosts: the step's own, or another one of the inventory. */
type Asks = <Value>(fact: Fact<Value>, ...args: readonly Crossing[]) => FactRequest<Value>;

export interface Destination extends Located {
  readonly path: HostPath;
  /** A volume that is not there yet. */
  readonly isNew: boolean;
}

/** Everything about the two hosts that is known once they have been asked. */
export interface Sides {
  readonly from: Located & { readonly path: HostPath };
  readonly to: Destination;
  readonly peer: Peer;
  /** As the source reaches the destination. */
  readonly address: string;
  readonly port: number;
  /** The copy's name on both hosts. */
  readonly id: Crossing;
  readonly sets: RsyncSets;
}

export function there({ to }: SendWant): Asks {
  return (fact, ...args) => askOf(to.host, fact, ...args);
}

export function sendNeeds(want: SendWant, known: Known): readonly FactRequest[] {
  const at = there(want);
  const { to } = want;
  const first: readonly FactRequest[] = [
    ...ofHost(ask, want.from, want.stop === true),
    ask(begunCopies),
    ask(stoppedForCopies),
    ...ofHost(at, to, false),
    at(peer, typed(to.host)),
    ...(to.volume === undefined ? [] : [at(dockerInfo)]),
  ];
  if (first.some((request) => known.get(request) === undefined)) return first;
  const sides = sidesOf(want, known);
  if (isRefused(sides)) return first;
  const { from, address, id } = sides;
  const second: readonly FactRequest[] = [
    ask(copyDirectory, from.path),
    ask(copySource, from.path),
    ask(treeState, from.path),
    ask(peer),
    ask(sendingHost, address, id),
    ask(rsyncServerCommands, ...setsInOrder(sides.sets)),
    ...insideOf(ask, from),
    ...(sides.to.isNew
      ? [at(roomIn, pathOf({ path: known.the(at(dockerInfo)).root }, want.to.host))]
      : [at(copyDirectory, sides.to.path), ...insideOf(at, sides.to)]),
    at(receivingHost, typed(sides.peer.user), id),
  ];
  const label = labelOf(sides, known);
  return [
    ...first,
    ...second,
    ...(label === undefined ? [] : [at(receivedCopy, label, sides.to.path)]),
    ...outgrownNeeds(stoppedIds(want, sides, known), known),
  ];
}

/** The containers of the source's host that stop for the last pass. */
export function stoppedIds({ stop }: SendWant, { from }: Pick<Sides, 'from'>, known: Known): readonly string[] {
  const source = known.get(ask(copyDirectory, from.path));
  return stop === true && source?.kind === 'directory'
    ? usersOfBoth(usesOf(ask, known) ?? [], namesOf(from, source), []).toStop.map(({ id }) => id)
    : [];
}

function ofHost(at: Asks, wanted: CopyPlace, stop: boolean): readonly FactRequest[] {
  const onHost = wanted.volume === undefined && wanted.container === undefined;
  return [
    at(copyTools),
    at(containerUsesIfAny),
    ...(onHost ? [] : [at(volumes)]),
    ...(stop || wanted.container !== undefined ? [at(containers)] : []),
  ];
}

function insideOf(at: Asks, { within }: Located): readonly FactRequest[] {
  return within === undefined ? [] : [at(realPath, typed(within.base))];
}

function dockerOf(at: Asks, wanted: CopyPlace, known: Known): DockerFacts {
  const onHost = wanted.volume === undefined && wanted.container === undefined;
  return {
    uses: usesOf(at, known) ?? [],
    volumes: onHost ? [] : (known.get(at(volumes)) ?? []),
    containers: wanted.container === undefined ? [] : (known.get(at(containers)) ?? []),
  };
}

export function usesOf(at: Asks, known: Known): readonly ContainerUse[] | null | undefined {
  return known.get(at(containerUsesIfAny));
}

/** Where the two are, and how the one is reached from the other. */
export function sidesOf(want: SendWant, known: Known): Sides | Refusal {
  const at = there(want);
  const from = locate(want.from, dockerOf(ask, want.from, known));
  if (isRefused(from)) return from;
  const to = destinationOf(want, known);
  if (isRefused(to)) return onHost(want.to.host, to);
  const found = known.the(at(peer, typed(want.to.host)));
  const times = [ask(copyTools), at(copyTools)].every((request) => knowsNanoseconds(known.the(request)))
    ? '--modify-window=-1'
    : '';
  return {
    from: { ...from, path: pathOf(from, 'the source') },
    to,
    peer: found,
    address: want.to.address ?? found.address,
    port: want.to.port ?? found.port,
    id: nameFor(`${from.path} ${to.path}`),
    sets: rsyncSets(times, want.bwlimit),
  };
}

function destinationOf(want: SendWant, known: Known): Destination | Refusal {
  const at = there(want);
  const { volume } = want.to;
  const docker = dockerOf(at, want.to, known);
  if (volume !== undefined && docker.volumes.every(({ name }) => name !== volume))
    return {
      path: pathOf({ path: `${known.the(at(dockerInfo)).root}/volumes/${volume}/_data` }, want.to.host),
      isNew: true,
    };
  const to = locate(want.to, docker);
  return isRefused(to) ? to : { ...to, path: pathOf(to, want.to.host), isNew: false };
}

/** What comes from the playbook or the inventory, and has no grammar of its own there. */
export function typed(text: string): Crossing {
  return crossing(plainText, text, 'a word of the playbook or the inventory');
}

/** A path that one host says, as the other may be told it. */
export function pathOf({ path }: { readonly path: string }, whose: string): HostPath {
  return crossing(hostPath, path, `the path that ${whose} says`);
}

/**
 * The source, as the destination has it written down: by its name in the inventory and its verified host
 * key, since by its own word one host could take another's copy for its own.
 */
export function labelOf({ from }: { readonly from: { readonly path: HostPath } }, known: Known): CopyLabel | undefined {
  const host = known.get(ask(peer));
  const source = known.get(ask(copyDirectory, from.path));
  if (host === undefined || source?.kind !== 'directory') return undefined;
  const key = host.hostKey
    .replace(/^SHA256:/, '')
    .replaceAll('/', '_')
    .slice(0, 16);
  return crossing(copyLabel, `${host.name.replaceAll('/', '_')}@${key}:${source.path}`, 'the name of the source');
}

/** Since 3.1.3; before, a window of -1 made every file differ. */
function knowsNanoseconds({ rsync }: CopyTools): boolean {
  if (rsync === null) return false;
  const [major, minor, patch] = rsync;
  return major * 10_000 + minor * 100 + patch >= 30_103;
}

/** The name of files about a copy: always the same for the same two paths. FNV-1a, twice. */
function nameFor(text: string): Crossing {
  const hash = (start: number): string =>
    [...text]
      .reduce((sum, letter) => Math.imul(sum ^ (letter.codePointAt(0) ?? 0), 0x0100_0193) >>> 0, start)
      .toString(16)
      .padStart(8, '0');
  return typed(`${hash(0x811c_9dc5)}${hash(0x01b7_a51f)}`);
}

/** What speaks against it is about the other host. */
export function onHost(host: string, refusal: Refusal): Refusal;
export function onHost(host: string, refusal: Refusal | undefined): Refusal | undefined;
export function onHost(host: string, refusal: Refusal | undefined): Refusal | undefined {
  return refusal === undefined ? undefined : { ...refusal, reason: `on ${host}: ${refusal.reason}` };
}
