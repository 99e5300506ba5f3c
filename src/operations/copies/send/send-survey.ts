import * as z from 'zod';
import type { BegunCopies } from '../../../facts/copies/begun-copy.ts';
import { begunCopies } from '../../../facts/copies/begun-copy.ts';
import { containers } from '../../../facts/containers/containers.ts';
import type { CopySource } from '../../../facts/copies/copy-source.ts';
import { containerUsesIfAny, copySource } from '../../../facts/copies/copy-source.ts';
import type { CopyDirectory, CopyTools } from '../../../facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../../facts/copies/directory-copy.ts';
import type { Docker } from '../../../facts/daemon/docker.ts';
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
  type ServerCommand,
} from '../../../facts/crossing.ts';
import type { Fact, FactRequest } from '../../../facts/fact.ts';
import { ask, askOf } from '../../../facts/fact.ts';
import type { Peer } from '../../../facts/peer.ts';
import { peer } from '../../../facts/peer.ts';
import type { ReceivedCopy, ReceivingHost, Room } from '../../../facts/copies/receiving-host.ts';
import { receivedCopy, receivingHost, roomIn } from '../../../facts/copies/receiving-host.ts';
import type { SendingHost } from '../../../facts/copies/sending-host.ts';
import { rsyncServerCommands, sendingHost, treeState } from '../../../facts/copies/sending-host.ts';
import type { StoppedForCopies } from '../../../facts/copies/stopped-for-copy.ts';
import { stoppedForCopies } from '../../../facts/copies/stopped-for-copy.ts';
import { volumes } from '../../../facts/volumes/volumes.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { isRefused, refuse } from '../../../values/refusal.ts';
import type { Reading } from '../../engine/reading.ts';
import { beside, later, perhaps, together } from '../../engine/reading.ts';
import type { Outgrown } from '../../rootfs/outgrown.ts';
import { readOutgrown } from '../../rootfs/outgrown.ts';
import { copyRate } from '../copy-input.ts';
import { namesOf, readBase } from '../copy-survey.ts';
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

/** What one of the two hosts has. */
interface HostFacts extends DockerFacts {
  readonly tools: CopyTools;
  /** Docker answers. */
  readonly answers: boolean;
}

interface BothHosts {
  readonly here: HostFacts;
  readonly away: HostFacts;
  /** The destination, as it is reached. */
  readonly peer: Peer;
  /** Of the destination, where that is a volume. */
  readonly docker: Docker | undefined;
}

/** What is known of the two hosts, and of what is to be copied, before it is. */
export interface SendSeen extends BothHosts {
  readonly begunHere: BegunCopies;
  readonly stopped: StoppedForCopies;
  readonly sides: Sides;
  readonly source: CopyDirectory;
  /** As it will be, where it is a volume that is not there yet. */
  readonly target: CopyDirectory;
  /** The real paths of what containers have mounted there. */
  readonly bases: { readonly from: string | null | undefined; readonly to: string | null | undefined };
  readonly special: CopySource;
  readonly tree: () => string;
  readonly sending: SendingHost;
  readonly receiving: ReceivingHost;
  /** Not to be had without rsync. */
  readonly commands: () => readonly ServerCommand[];
  /** The source, in what is written down at the destination, and what that has of it; where there is a source. */
  readonly label: CopyLabel | undefined;
  readonly received: ReceivedCopy | undefined;
  /** The containers of the source's host that stop for the last pass. */
  readonly stops: readonly string[];
  readonly outgrown: Outgrown;
}

/** Three flights: what the two hosts have; what the two directories are; and what the destination has of this very source, with what is to be known of the containers that stop. */
export function* readSend(want: SendWant): Reading<SendSeen | Refusal> {
  const at = there(want);
  const { to: wanted } = want;
  const [[here, away], [[begunHere, stopped, found], docker]] = yield* beside(
    beside(readHost(ask, want.from, want.stop === true), readHost(at, wanted, false)),
    beside(
      together(ask(begunCopies), ask(stoppedForCopies), at(peer, typed(wanted.host))),
      perhaps(wanted.volume === undefined ? undefined : at(dockerInfo)),
    ),
  );
  const both = { here, away, peer: found, docker };
  const sides = sidesOf(want, both);
  if (isRefused(sides)) return judgeDockers(want, both) ?? sides;
  const { from, to, address, id } = sides;
  const [[[source, special, own, sending, receiving], [tree, commands]], [baseFrom, [target, baseTo]]] = yield* beside(
    beside(
      together(
        ask(copyDirectory, from.path),
        ask(copySource, from.path),
        ask(peer),
        ask(sendingHost, address, id),
        at(receivingHost, typed(found.user), id),
      ),
      beside(later(ask(treeState, from.path)), later(ask(rsyncServerCommands, ...setsInOrder(sides.sets)))),
    ),
    beside(readBase(from), readTarget(want, to, docker)),
  );
  const label = source.kind === 'directory' ? labelOf(own, source) : undefined;
  const stops =
    want.stop === true && source.kind === 'directory'
      ? usersOfBoth(here.uses, namesOf(from, source), []).toStop.map((use) => use.id)
      : [];
  const [received, outgrown] = yield* beside(
    perhaps(label === undefined ? undefined : at(receivedCopy, label, to.path)),
    readOutgrown(stops),
  );
  return {
    ...both,
    begunHere,
    stopped,
    sides,
    source,
    target,
    bases: { from: baseFrom, to: baseTo },
    special,
    tree,
    sending,
    receiving,
    commands,
    label,
    received,
    stops,
    outgrown,
  };
}

function* readHost(at: Asks, wanted: CopyPlace, stop: boolean): Reading<HostFacts> {
  const onHost = wanted.volume === undefined && wanted.container === undefined;
  const [[tools, uses], [all, boxes]] = yield* beside(
    together(at(copyTools), at(containerUsesIfAny)),
    beside(
      perhaps(onHost ? undefined : at(volumes)),
      perhaps(stop || wanted.container !== undefined ? at(containers) : undefined),
    ),
  );
  return { tools, answers: uses !== null, uses: uses ?? [], volumes: all ?? [], containers: boxes ?? [] };
}

/** The destination, and where it really is. */
function* readTarget(
  want: SendWant,
  to: Destination,
  docker: Docker | undefined,
): Reading<readonly [CopyDirectory, string | null | undefined]> {
  const at = there(want);
  if (!to.isNew || docker === undefined) {
    const [[target], base] = yield* beside(together(at(copyDirectory, to.path)), readBase(to, at));
    return [target, base];
  }
  const [room] = yield* together(at(roomIn, pathOf({ path: docker.root }, want.to.host)));
  return [emptyIn(to.path, room), undefined];
}

/** The volume as it will be when it has been made. */
function emptyIn(path: string, { availableBytes, inodesAvailable }: Room): CopyDirectory {
  return {
    kind: 'directory',
    path,
    identity: '0:0',
    born: 0,
    mode: '0755',
    owner: '0:0',
    mountsBelow: [],
    allocatedBytes: 0,
    apparentBytes: 0,
    entries: 0,
    availableBytes,
    inodesTotal: Number.isFinite(inodesAvailable) ? inodesAvailable : 0,
    inodesAvailable,
  };
}

/** Whether it is known who uses the two directories. */
export function judgeDockers({ to: { host } }: SendWant, { here, away }: BothHosts): Refusal | undefined {
  if (!here.answers) return silentDocker('it is not known which containers use the source');
  return away.answers ? undefined : onHost(host, silentDocker('it is not known which containers use the destination'));
}

function silentDocker(so: string): Refusal {
  return refuse(
    `the Docker daemon does not answer, so ${so}`,
    'start it (systemctl start docker), then run the same again',
  );
}

/** Where the two are, and how the one is reached from the other. */
export function sidesOf(want: SendWant, { here, away, peer: found, docker }: BothHosts): Sides | Refusal {
  const from = locate(want.from, here);
  if (isRefused(from)) return from;
  const to = destinationOf(want, away, docker);
  if (isRefused(to)) return onHost(want.to.host, to);
  const times = [here, away].every(({ tools }) => knowsNanoseconds(tools)) ? '--modify-window=-1' : '';
  return {
    from: { ...from, path: pathOf(from, 'the source') },
    to,
    address: want.to.address ?? found.address,
    port: want.to.port ?? found.port,
    id: nameFor(`${from.path} ${to.path}`),
    sets: rsyncSets(times, want.bwlimit),
  };
}

function destinationOf(want: SendWant, away: HostFacts, docker: Docker | undefined): Destination | Refusal {
  const { host, volume } = want.to;
  if (volume !== undefined && docker !== undefined && away.volumes.every(({ name }) => name !== volume))
    return { path: pathOf({ path: `${docker.root}/volumes/${volume}/_data` }, host), isNew: true };
  const to = locate(want.to, away);
  return isRefused(to) ? to : { ...to, path: pathOf(to, host), isNew: false };
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
export function labelOf(
  { name, hostKey }: Pick<Peer, 'name' | 'hostKey'>,
  { path }: { readonly path: string },
): CopyLabel {
  const key = hostKey
    .replace(/^SHA256:/, '')
    .replaceAll('/', '_')
    .slice(0, 16);
  return crossing(copyLabel, `${name.replaceAll('/', '_')}@${key}:${path}`, 'the name of the source');
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
