import type { BegunCopies } from '../../../facts/copies/begun-copy.ts';
import { begunCopies } from '../../../facts/copies/begun-copy.ts';
import { containers } from '../../../facts/containers/containers.ts';
import type { CopySource } from '../../../facts/copies/copy-source.ts';
import { containerUsesIfAny, copySource } from '../../../facts/copies/copy-source.ts';
import type { CopyDirectory } from '../../../facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../../facts/copies/directory-copy.ts';
import type { Docker } from '../../../facts/daemon/docker.ts';
import { dockerInfo } from '../../../facts/daemon/docker.ts';
import type { CopyLabel, Crossing, ServerCommand } from '../../../facts/crossing.ts';
import type { Fact, FactRequest } from '../../../facts/fact.ts';
import { ask, askOf } from '../../../facts/fact.ts';
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
import { namesOf, readBase } from '../real-place.ts';
import type { CopyPlace } from '../places.ts';
import type { SendWant } from './send-input.ts';
import { setsInOrder } from './send-pass.ts';
import type { BothHosts, Destination, HostFacts, Sides } from './send-sides.ts';
import { labelOf, onHost, pathOf, sidesOf, typed } from './send-sides.ts';
import { usersOfBoth } from '../stop-users.ts';

/** One of the two hosts: the step's own, or another one of the inventory. */
type Asks = <Value>(fact: Fact<Value>, ...args: readonly Crossing[]) => FactRequest<Value>;

export function there({ to }: SendWant): Asks {
  return (fact, ...args) => askOf(to.host, fact, ...args);
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
