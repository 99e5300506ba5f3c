import type { Peer } from '../../../facts/peer.ts';
import { shell } from '../../../shell/shell.ts';
import { parseBytes } from '../../../values/size.ts';
import type { ExecAction } from '../../engine/change.ts';
import { rsyncOptions } from '../copy-method.ts';

const day = 86_400_000;

/** The sets of rsync's options that a copy needs; the words of each separated by spaces. */
export interface RsyncSets {
  readonly write: string;
  readonly writeByChecksum: string;
  readonly compare: string;
  /** What is different by size and time; and of that, what is not newer at the destination. */
  readonly list: string;
  readonly listOlder: string;
}

/** `times`: for both ends to know times to the nanosecond. */
export function rsyncSets(times: string, bwlimit: string | undefined): RsyncSets {
  const all = [...rsyncOptions, '--delete', ...(times === '' ? [] : [times])];
  const write = [
    ...all,
    ...(bwlimit === undefined ? [] : [`--bwlimit=${String(Math.floor(parseBytes(bwlimit) / 1024))}`]),
  ];
  return {
    write: write.join(' '),
    writeByChecksum: [...write, '--checksum'].join(' '),
    compare: [...all, '-n', '-i', '--checksum'].join(' '),
    list: [...all, '-n', '-i'].join(' '),
    listOlder: [...all, '-n', '-i', '--update'].join(' '),
  };
}

/** The order in which what the destination allows is named. */
export function setsInOrder({ write, writeByChecksum, compare, list, listOlder }: RsyncSets): readonly string[] {
  return [write, writeByChecksum, compare, list, listOlder];
}

export interface Way extends Pick<Peer, 'port' | 'user' | 'publicKey'> {
  /** As the source reaches it. */
  readonly address: string;
}

const keyScript = shell('operations/copies/send/make-key.sh');
const passScript = shell('operations/copies/send/send.sh');

/** The private key never leaves this directory. */
export function makeKey(directory: string, id: string, publicKey: string): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', directory, id, publicKey], stdin: keyScript };
}

export function removeKey(directory: string): ExecAction {
  return { kind: 'exec', argv: ['rm', '-rf', '--', directory] };
}

export interface Pass {
  readonly phase: 'live' | 'final';
  readonly from: string;
  /** `device:inode` of the source. */
  readonly identity: string;
  readonly directory: string;
  readonly trust: 'own' | 'anything';
  /** The file that names the containers to stop. */
  readonly stopped?: string;
  readonly way: Way;
  readonly sets: RsyncSets;
}

export function sendPass({ phase, from, identity, directory, trust, stopped = '', way, sets }: Pass): ExecAction {
  const args = [
    phase,
    from,
    directory,
    trust,
    stopped,
    identity,
    way.address,
    String(way.port),
    way.user,
    ...setsInOrder(sets),
  ];
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', ...args], stdin: passScript, timeoutMs: day };
}
