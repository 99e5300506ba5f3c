import {
  copyLabel,
  type CopyLabel,
  crossing,
  type Crossing,
  type HostPath,
  hostPath,
  plainText,
} from '../../../facts/crossing.ts';
import type { CopyTools } from '../../../facts/copies/directory-copy.ts';
import type { Docker } from '../../../facts/daemon/docker.ts';
import type { Peer } from '../../../facts/peer.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { isRefused } from '../../../values/refusal.ts';
import type { DockerFacts, Located } from '../places.ts';
import { locate } from '../places.ts';
import type { SendWant } from './send-input.ts';
import type { RsyncSets } from './send-pass.ts';
import { rsyncSets } from './send-pass.ts';

/** What one of the two hosts has. */
export interface HostFacts extends DockerFacts {
  readonly tools: CopyTools;
  /** Docker answers. */
  readonly answers: boolean;
}

export interface BothHosts {
  readonly here: HostFacts;
  readonly away: HostFacts;
  /** The destination, as it is reached. */
  readonly peer: Peer;
  /** Of the destination, where that is a volume. */
  readonly docker: Docker | undefined;
}

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
