import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { unescapeMount } from '../host/file-system.ts';
import { shell } from '../../shell/shell.ts';

/** What a host has for copying with everything that a file has. */
export interface CopyTools {
  /** Version of an rsync that was built with ACLs and extended attributes; null without one. */
  readonly rsync: readonly [number, number, number] | null;
  /** GNU cp, GNU tar; GNU find and sha256sum, with which a copy is verified where there is no rsync. */
  readonly cp: boolean;
  readonly tar: boolean;
  readonly manifest: boolean;
  readonly getfattr: boolean;
  readonly getfacl: boolean;
}

export const copyTools: Fact<CopyTools> = {
  name: 'copy-tools',
  script: shell('facts/copies/copy-tools.sh'),
  parse({ stdout, stderr }) {
    const lines = stdout.trim().split('\n');
    if (lines.at(-1) !== 'end')
      throw new AppError('fact-unreadable', `the host's copying tools could not be looked up: ${oneLine(stderr)}`);
    const [, major, minor, patch, features = ''] =
      lines.map((line) => /^rsync (\d+)\.(\d+)\.(\d+) (.*)$/.exec(line)).find((match) => match !== null) ?? [];
    const complete = / ACLs /.test(features) && / xattrs /.test(features) && !/ no (ACLs|xattrs) /.test(features);
    return {
      rsync: complete ? [Number(major), Number(minor), Number(patch)] : null,
      cp: lines.includes('cp'),
      tar: lines.includes('tar'),
      manifest: lines.includes('manifest'),
      getfattr: lines.includes('getfattr'),
      getfacl: lines.includes('getfacl'),
    };
  },
};

export type CopyDirectory =
  | { readonly kind: 'missing' | 'other' }
  | {
      readonly kind: 'directory';
      /** Without symbolic links. */
      readonly path: string;
      /** `device:inode`: equal for one directory under two paths. */
      readonly identity: string;
      /** When it was made, in seconds since the epoch; 0 where the file system or the tool does not know. */
      readonly born: number;
      readonly mode: string;
      readonly owner: string;
      readonly mountsBelow: readonly string[];
      readonly allocatedBytes: number;
      readonly apparentBytes: number;
      /** Files and directories in it, itself not counted. */
      readonly entries: number;
      /** Of its file system; a file system without a fixed number of inodes has `inodesTotal` 0. */
      readonly availableBytes: number;
      readonly inodesTotal: number;
      readonly inodesAvailable: number;
    };

/** Argument: the path. Reads every name below it, so it takes its time on a large tree. */
export const copyDirectory: Fact<CopyDirectory> = {
  name: 'copy-directory',
  timeoutMs: 1_800_000,
  script: shell('facts/copies/copy-directory.sh'),
  parse({ status, stdout, stderr }, [asked = '']) {
    const kind = stdout.split('\n', 1)[0];
    if (status === 0 && (kind === 'missing' || kind === 'other')) return { kind };
    const match = directoryAnswer.exec(stdout)?.groups;
    if (status !== 0 || match === undefined) {
      throw new AppError(
        'fact-unreadable',
        `${oneLine(asked)} could not be measured: ${oneLine(stderr === '' ? stdout : stderr)}`,
        { hint: 'run "du -sx" and "df" on it by hand, as root' },
      );
    }
    const field = (name: string): string => match[name] ?? '';
    return {
      kind: 'directory',
      path: field('path'),
      identity: field('identity'),
      born: count(field('born')),
      mode: field('mode').padStart(4, '0'),
      owner: field('owner'),
      mountsBelow: [...field('below').matchAll(/^below (.*)$/gm)].map(([, path = '']) => unescapeMount(path)),
      allocatedBytes: Number(field('allocated')),
      apparentBytes: Number(field('apparent')),
      entries: Number(field('entries')),
      availableBytes: Number(field('available')),
      inodesTotal: count(field('inodesTotal')),
      inodesAvailable: count(field('inodesAvailable')),
    };
  },
};

const directoryAnswer =
  /^directory\npath (?<path>\/.*)\nstat (?<identity>\d+:\d+) (?<born>\S+) (?<mode>[0-7]+) (?<owner>\d+:\d+)\nallocated (?<allocated>\d+)\napparent (?<apparent>\d+)\nentries (?<entries>\d+)\ndf +(?<available>\d+) +(?<inodesTotal>\d+|-) +(?<inodesAvailable>\d+|-)\n(?<below>(?:below .*\n)*)end\n$/;

/** df and stat print `-` for what a file system does not have; some print something else. */
function count(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : 0;
}

/** Compares two directories in everything, themselves included. */
export const compareScript = shell('facts/copies/compare-directories.sh');

/** How two directories differ. */
export interface DirectoryDifference {
  readonly total: number;
  /** Of these, how many would remove or replace something at the destination. */
  readonly destructive: number;
  /** At most twenty, as the tool prints them. */
  readonly first: readonly string[];
}

/** Arguments: as for `compareScript`, quick. */
export const directoryDifference: Fact<DirectoryDifference> = {
  name: 'directory-difference',
  timeoutMs: 1_800_000,
  script: compareScript,
  parse({ status, stdout, stderr }, [, , , from = '', , to = '']) {
    const [summary = '', ...first] = stdout.replace(/\n$/, '').split('\n');
    if (status === 0 && summary === 'identical') return { total: 0, destructive: 0, first: [] };
    const [, total, destructive] = /^(\d+) (\d+)$/.exec(summary) ?? [];
    if (status !== 0 || total === undefined)
      throw new AppError(
        'fact-unreadable',
        `${oneLine(from)} and ${oneLine(to)} could not be compared: ${oneLine(stderr)}`,
        { hint: 'is either of them being changed at this moment?' },
      );
    return { total: Number(total), destructive: Number(destructive), first };
  },
};
