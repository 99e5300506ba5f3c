import { AppError } from '../../../errors.ts';
import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import type { CopySource } from '../../../facts/copies/copy-source.ts';
import type { ReceivedCopy } from '../../../facts/copies/receiving-host.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { refuse } from '../../../values/refusal.ts';
import type { Directory } from '../copy-start.ts';
import type { Decision } from '../../engine/operation.ts';
import { defineOperation } from '../../engine/operation.ts';
import { stoppedReads } from '../../rootfs/outgrown.ts';
import {
  nested,
  notDirectory,
  sourceWarnings,
  tooSmall,
  unfinishedSource,
  usedDestination,
} from '../copy-judgement.ts';
import { namesOf, strayed } from '../real-place.ts';
import { names } from '../directory-users.ts';
import { described } from '../places.ts';
import type { SendPlan } from './send-changes.ts';
import { clearAwayChange, destinationName, sendChanges } from './send-changes.ts';
import type { SendWant } from './send-input.ts';
import { sendVolumeSchema } from './send-input.ts';
import { onHost, pathOf, typed } from './send-sides.ts';
import type { SendSeen } from './send-survey.ts';
import { judgeDockers, readSend } from './send-survey.ts';
import { judgeStop, usersOfBoth } from '../stop-users.ts';

/**
 * The step runs on the source, which pushes to the destination directly. What has to be known of the
 * destination, and done there before and after, goes over plimsoll's own connection to it; the data does not.
 */
export const sendVolume = defineOperation<SendWant, SendSeen>({
  name: 'send_volume',
  summary: 'Copy a volume, a directory or a path of a container to another host, directly, verified by checksum',
  schema: sendVolumeSchema,
  readOnly: false,
  repeats: false,
  read: readSend,
  plan: planSend,

  pin: (want, { received }) =>
    want.since !== undefined || received === undefined ? want : { ...want, since: received.record?.stamp ?? 'never' },

  repin: (want, fresh, saved) =>
    want.since === undefined && saved.since !== undefined ? { ...fresh, since: saved.since } : fresh,

  touchesRefused: { reads: ['docker'], changes: [] },
  touches(want, { sides, stops, here, outgrown: { docker } }) {
    // What another host has is told apart from what the step's own has.
    const destination = `path:${want.to.host}:${sides.to.path}`;
    return {
      reads: [
        'docker',
        destination,
        `path:${sides.from.path}`,
        ...(want.from.volume === undefined ? [] : [`volume:${want.from.volume}`]),
        ...stoppedReads(stops, { containers: here.containers, docker }),
      ],
      changes: [destination, ...stops.map((id) => `container:${id}`)],
    };
  },

  result(want, { sides: { from, to }, target }) {
    const there = target.kind === 'directory' && !to.isNew ? target : undefined;
    return {
      from: from.path,
      host: want.to.host,
      to: to.path,
      entries: there?.entries ?? null,
      bytes: there?.allocatedBytes ?? null,
    };
  },
});

function planSend(want: SendWant, seen: SendSeen): Decision {
  const { host } = want.to;
  const silent = judgeDockers(want, seen);
  if (silent !== undefined) return silent;
  const { here, away, source, target } = seen;
  const { from, to } = seen.sides;
  if (source.kind !== 'directory') return notDirectory(from.path, source.kind);
  if (target.kind !== 'directory') return onHost(host, notDirectory(to.path, target.kind));
  const refusal =
    strayed(from, source, seen.bases.from) ??
    nested(source) ??
    unfinishedSource(source, seen.begunHere) ??
    onHost(
      host,
      (to.isNew ? undefined : strayed(to, target, seen.bases.to)) ??
        nested(target) ??
        usedDestination(away.uses, namesOf(to, target)),
    ) ??
    noWay(want, seen);
  if (refusal !== undefined) return refusal;

  const plan = situationOf(want, seen, source, target);
  const { access, begun: copyBegun, record } = plan;
  const complete = copyBegun === undefined && record !== undefined;
  const madeSince = complete && want.since !== undefined && record.stamp !== want.since;
  const same = complete && record.unchanged && record.source === seen.tree();
  if (madeSince || same) {
    if (plan.left || plan.remembered !== undefined) return { outcome: 'change', changes: [clearAwayChange(plan)] };
    return {
      outcome: 'noop',
      reason: `${described(want.to)} on ${host} is a complete copy (${String(target.entries)} entries)`,
    };
  }
  const foreign = foreignContent(want, target, plan);
  if (foreign !== undefined) return onHost(host, foreign);
  const users = usersOfBoth(here.uses, namesOf(from, source), []);
  const layers = from.layerOf === undefined ? [] : [from.layerOf];
  const cannot =
    judgeStop(
      want.stop,
      users,
      { uses: here.uses, targetNames: [], layers },
      { containers: here.containers, outgrown: seen.outgrown },
    ) ?? onHost(host, tooSmall(source, target));
  if (cannot !== undefined) return cannot;
  const stops = want.stop === true ? users.toStop : [];
  const own = copyBegun?.from === access.label;
  const nothingBefore = own ? copyBegun.found === 'nothing' : target.entries === 0;
  const changes = sendChanges({
    ...plan,
    source,
    holds: { entries: target.entries, bytes: target.entries === 0 ? 0 : target.allocatedBytes },
    newVolume: to.isNew ? want.to.volume : undefined,
    begun: own,
    refresh: complete,
    reversible: nothingBefore,
    stops,
    labels: [described(want.from), `${host} ${described(want.to)}`],
  });
  return {
    outcome: 'change',
    changes,
    warnings: warnings(want, source, target, seen.special, stops, users.running, access.address),
  };
}

/** Why the one host cannot push to the other. */
function noWay(
  want: SendWant,
  { here, away, peer, sides: { address }, sending, receiving }: SendSeen,
): Refusal | undefined {
  const { host } = want.to;
  if (here.tools.rsync === null)
    return refuse('the host has no rsync with ACLs and extended attributes', 'install rsync on the host');
  if (away.tools.rsync === null)
    return onHost(host, refuse('there is no rsync with ACLs and extended attributes', 'install rsync there'));
  if (!sending.ssh)
    return refuse(
      'the host has no ssh and ssh-keygen, with which it would reach the other one',
      'install openssh-client on the host',
    );
  if (peer.runsAs !== 'root')
    return onHost(
      host,
      refuse(
        `plimsoll runs as ${peer.runsAs}, and only root can set what belongs to others`,
        'set become: true for that host, or log in as root',
      ),
    );
  if (peer.publicKey === '') return onHost(host, refuse('its host key is not known to plimsoll', 'reach it by SSH'));
  if (!receiving.root)
    return onHost(
      host,
      refuse(
        `${peer.user} cannot become root without a password, as the receiving end of the copy must`,
        `allow ${peer.user} sudo without a password for the time of the copy, or let the inventory log in as root there`,
      ),
    );
  if (receiving.keysFile === undefined)
    return onHost(host, refuse(`sshd reads no file of keys of ${peer.user}`, 'set AuthorizedKeysFile in sshd_config'));
  if (receiving.trouble !== '')
    return onHost(
      host,
      refuse(
        `no key can be allowed for ${peer.user}: ${receiving.trouble}`,
        'put that right, or log in as another user',
      ),
    );
  if (want.source_address === undefined && sending.address === undefined)
    return refuse(
      `it cannot be told from which address the host reaches ${address}: it has no way there, or no ip command`,
      'correct to.address; or say source_address: as which address the destination sees this host',
    );
  return undefined;
}

type Situation = Pick<SendPlan, 'access' | 'way' | 'sets' | 'directory' | 'stopped' | 'remembered' | 'down'> & {
  readonly left: boolean;
  readonly begun: ReceivedCopy['begun'];
  readonly record: ReceivedCopy['record'];
};

function situationOf(want: SendWant, seen: SendSeen, source: Directory, target: Directory): Situation {
  const { here, peer, sides, sending, receiving, commands, label, received, stopped } = seen;
  const { address, port, id, sets, to } = sides;
  const from = want.source_address ?? sending.address;
  if (label === undefined || received === undefined || from === undefined || receiving.keysFile === undefined)
    throw new AppError('internal', 'the way to the destination was not judged');
  const [, major = '0', minor = '0'] = /OpenSSH_(\d+)\.(\d+)/.exec(peer.server) ?? [];
  const access = {
    host: want.to.host,
    id,
    user: typed(peer.user),
    keysFile: receiving.keysFile,
    address: from,
    isRoot: peer.user === 'root',
    expires: Number(major) * 100 + Number(minor) >= 802,
    to: pathOf(target, want.to.host),
    identity: typed(to.isNew ? '' : target.identity),
    label,
    trust: want.delete ? ('anything' as const) : ('own' as const),
    commands: commands(),
  };
  const remembered = stopped.all.find((one) => one.from === source.path && one.to === destinationName({ access }));
  const down = (remembered?.containers ?? []).flatMap(
    (container) => here.uses.find((use) => use.id === container && !use.running) ?? [],
  );
  const { begun, record } = received;
  return {
    access,
    way: { address, port, user: peer.user, publicKey: peer.publicKey },
    sets,
    directory: sending.directory,
    stopped,
    remembered,
    down,
    left: sending.left || receiving.left,
    begun,
    record,
  };
}

/** What is at the destination, and is not this copy. */
function foreignContent(want: SendWant, target: Directory, { access, begun, record }: Situation): Refusal | undefined {
  if (want.delete) return undefined;
  const remedy = 'choose an empty destination; or say delete: true, and what is there is replaced and removed';
  if (begun !== undefined && begun.from !== access.label)
    return refuse(`a copy of ${begun.from} into ${target.path} was begun and never completed`, remedy);
  if (begun?.found === 'else') return refuse(`${target.path} held something else before the copy was begun`, remedy);
  if (begun === undefined && target.entries > 0 && record?.unchanged !== true) {
    return refuse(
      record === undefined
        ? `${target.path} is not empty, and what is there is no copy of ${access.label}`
        : `something has been written to ${target.path} since it was copied there`,
      remedy,
    );
  }
  return undefined;
}

function warnings(
  want: SendWant,
  source: Directory,
  target: Directory,
  special: CopySource,
  stops: readonly ContainerUse[],
  running: readonly ContainerUse[],
  address: string,
): readonly string[] {
  const { host } = want.to;
  const others = running.filter(({ id }) => !stops.some((use) => use.id === id));
  return [
    ...(stops.length > 0
      ? [
          `${names(stops)} ${stops.length === 1 ? 'is' : 'are'} down while what has changed since the first pass is copied, and both directories are read whole for the comparison`,
        ]
      : []),
    ...(others.length > 0
      ? [
          `${names(others)} ${others.length === 1 ? 'runs' : 'run'} on: what is written to ${source.path} during the copy makes its verification fail`,
        ]
      : []),
    `for the time of the copy ${host} lets ${address} in, by a key that can do nothing but receive it; it is taken away at the end, and is worth nothing after 26 hours`,
    ...(want.delete && target.entries > 0 ? [`whatever ${target.path} on ${host} holds is replaced and removed`] : []),
    ...sourceWarnings(source, target, special),
  ];
}
