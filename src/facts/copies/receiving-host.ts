import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { crossing, hostPath, type HostPath } from '../crossing.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** A host as the destination of a copy that another host pushes to it. */
export interface ReceivingHost {
  /** The file that sshd reads for the user; undefined when it reads none that belongs to a user alone. */
  readonly keysFile: HostPath | undefined;
  /** Why that file cannot be added to; empty when it can. */
  readonly trouble: string;
  /** The user may become root without being asked for a password, or is root. */
  readonly root: boolean;
  /** What a copy was allowed, and has not been taken away. */
  readonly left: boolean;
}

/** Arguments: the user, the copy's name. */
export const receivingHost: Fact<ReceivingHost> = {
  name: 'receiving-host',
  script: shell('facts/copies/receiving-host.sh'),
  parse({ status, stdout, stderr }) {
    const [, keys, trouble, rest] = /^keys (.*)\ntrouble (.*)\n((?:privileged\n|left\n)*)end\n$/.exec(stdout) ?? [];
    if (status !== 0 || keys === undefined || trouble === undefined || rest === undefined)
      throw new AppError(
        'fact-unreadable',
        `how the host lets others in could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
      );
    return {
      keysFile: keys === '' ? undefined : crossing(hostPath, keys, 'the file that sshd reads for the user'),
      trouble,
      root: rest.includes('privileged\n'),
      left: rest.includes('left\n'),
    };
  },
};

/** What a destination says about copies to it. */
export interface ReceivedCopy {
  /** A copy was begun into it: this one, or another, of what is named. */
  readonly begun: { readonly from: string; readonly found: 'nothing' | 'part' | 'else' } | undefined;
  /** How the last pass of this copy has left it. */
  readonly record: { readonly stamp: string; readonly unchanged: boolean; readonly source: string } | undefined;
}

/** Arguments: what is copied, the destination's path. */
export const receivedCopy: Fact<ReceivedCopy> = {
  name: 'received-copy',
  timeoutMs: 1_800_000,
  script: shell('facts/copies/receiving.sh'),
  parse({ status, stdout, stderr }, [, to = '']) {
    const lines = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end')
      throw new AppError('fact-unreadable', `it cannot be told what was copied to ${oneLine(to)}: ${oneLine(stderr)}`, {
        hint: 'look at /var/lib/plimsoll/copies and copied on the host',
      });
    const value = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
    const stamp = value('stamp');
    return {
      begun: begun(value('begun'), to),
      record:
        stamp === undefined
          ? undefined
          : { stamp, unchanged: lines.includes('unchanged'), source: value('source') ?? '' },
    };
  },
};

function begun(text: string | undefined, to: string): ReceivedCopy['begun'] {
  if (text === undefined) return undefined;
  const [, from, found] = /^\{"from":"((?:[^"\\]|\\.)*)",.*"found":"(nothing|part|else)"/.exec(text) ?? [];
  if (from === undefined || (found !== 'nothing' && found !== 'part' && found !== 'else'))
    throw new AppError(
      'fact-unreadable',
      `what was begun into ${oneLine(to)} is not as plimsoll has written it: ${oneLine(text, 100)}`,
    );
  return { from: from.replaceAll(/\\(.)/g, '$1'), found };
}

export interface Room {
  readonly availableBytes: number;
  readonly inodesAvailable: number;
}

/** Argument: a directory. What is free where it lies. */
export const roomIn: Fact<Room> = {
  name: 'room-in',
  script: 'cd -- "$1" && df -B1 --output=avail,iavail . | tail -n 1',
  parse({ status, stdout, stderr }, [path = '']) {
    const [, bytes, inodes] = /^ *(\d+) +(\d+|-)\n$/.exec(stdout) ?? [];
    if (status !== 0 || bytes === undefined)
      throw new AppError(
        'fact-unreadable',
        `what is free in ${oneLine(path)} could not be read: ${oneLine(stderr === '' ? stdout : stderr)}`,
      );
    return { availableBytes: Number(bytes), inodesAvailable: inodes === '-' ? Infinity : Number(inodes) };
  },
};
