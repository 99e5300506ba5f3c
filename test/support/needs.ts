import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseMethod } from '../../src/operations/copies/copy-method.ts';
import { canMountLoop } from '../facts/loop-device.ts';
import { methods } from '../operations/copy-methods.ts';

/** Something that a test needs beyond Node, npm, git and Debian's essential packages. */
interface Need {
  /** Completes "there is no …". */
  readonly what: string;
  readonly isHere: () => boolean;
  /** The command that brings it. */
  readonly broughtBy: string;
}

/** Inventories in the manner of public repositories, with what Ansible makes of them. */
export const sharedInventories = join(import.meta.dirname, '../../../shared/cases/inventories');

const sysAdmin = 21n;
const sysResource = 24n;

const setup = 'npm run lab:setup (Debian, as root)';
const allowed = `${setup}, then sudo npm test where root may do that (in a container: --privileged)`;

/**
 * All that there is. A test names it among its `tags`; where it is not here the test is skipped, and that is said
 * at the end. `lab:` is what `npm run lab:setup` brings, and `npm run test:packages` runs what needs that.
 */
export const needs = {
  root: { what: 'root', isHere: isRoot, broughtBy: 'sudo npm test' },
  cp: {
    what: "GNU's cp, find and sha256sum",
    isHere: () => copiesBy('cp'),
    broughtBy: 'apt-get install coreutils findutils',
  },
  tar: {
    what: "GNU's tar, find and sha256sum",
    isHere: () => copiesBy('tar'),
    broughtBy: 'apt-get install tar coreutils findutils',
  },
  ssh: { what: "OpenSSH's ssh", isHere: () => has('ssh'), broughtBy: 'apt-get install openssh-client' },
  bash: { what: 'bash', isHere: () => has('/usr/bin/bash'), broughtBy: 'apt-get install bash' },
  dash: { what: 'dash', isHere: () => has('/usr/bin/dash'), broughtBy: 'apt-get install dash' },
  'lab:busybox': { what: 'busybox', isHere: () => has('/usr/bin/busybox'), broughtBy: setup },
  'lab:rsync': { what: 'rsync with ACLs and extended attributes', isHere: () => copiesBy('rsync'), broughtBy: setup },
  'lab:attributes': {
    what: 'attr and acl, and file system for what they set',
    isHere: takesAttributes,
    broughtBy: setup,
  },
  'lab:flags': {
    what: 'chattr, or file system for its flags, or right to set them',
    isHere: takesFlags,
    broughtBy: allowed,
  },
  'lab:mount': {
    what: 'mount, or right to use it',
    isHere: () => has('mount') && mayAsRoot(sysAdmin),
    broughtBy: allowed,
  },
  'lab:xfs-loop': {
    what: 'XFS on a loop device',
    isHere: () => has('xfs_growfs', 'xfs_io') && isRoot() && canMountLoop('xfs'),
    broughtBy: allowed,
  },
  'lab:ext4-loop': {
    what: 'ext4 on a loop device',
    isHere: () => isRoot() && canMountLoop('ext4'),
    broughtBy: allowed,
  },
  // A container's root may lack it.
  'lab:ext4-resize': {
    what: 'resize2fs, or right to resize a mounted ext4',
    isHere: () => has('resize2fs') && mayAsRoot(sysResource),
    broughtBy: allowed,
  },
  'lab:sudo': { what: 'visudo', isHere: () => has('/usr/sbin/visudo'), broughtBy: setup },
  'lab:age': { what: 'age', isHere: () => has('age', 'age-keygen'), broughtBy: setup },
  'lab:ansible': { what: 'ansible-inventory', isHere: () => has('ansible-inventory'), broughtBy: setup },
  'shared:inventories': {
    what: "directory ../shared/cases/inventories of this project's own",
    isHere: () => existsSync(sharedInventories),
    broughtBy: 'a checkout that lies beside it',
  },
} satisfies Readonly<Record<string, Need>>;

export type NeedName = keyof typeof needs;
export const needNames = Object.keys(needs) as NeedName[];

declare module 'vitest' {
  interface TestTags {
    readonly tags: NeedName;
  }
}

/** For vitest: a test with the tag of a need that is not here is skipped. */
export function needsAsTags(): { name: NeedName; description: string; skip?: true }[] {
  return needNames.map((name) => ({
    name,
    description: needs[name].what,
    ...(needs[name].isHere() ? {} : { skip: true }),
  }));
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** Capabilities have numbers. */
function mayAsRoot(capability: bigint): boolean {
  const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  return isRoot() && ((BigInt(`0x${effective}`) >> capability) & 1n) === 1n;
}

function succeeds(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function has(...programs: readonly string[]): boolean {
  return programs.every((program) => succeeds('/bin/sh', '-c', 'command -v "$1"', 'sh', program));
}

function copiesBy(name: string): boolean {
  return methods.some(([method, tools]) => method === name && chooseMethod(tools)?.kind === name);
}

function takesFlags(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-flags-'));
  const all = succeeds('chattr', '+i', directory) && succeeds('chattr', '-i', directory);
  rmSync(directory, { recursive: true });
  return all;
}

function takesAttributes(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-attributes-'));
  const commands = [
    ['setfattr', '-n', 'user.x', '-v', 'y', directory],
    ['setfacl', '-m', 'u:1234:r', directory],
    ['getfattr', directory],
    ['getfacl', '-p', directory],
  ];
  const all = commands.every(([program = '', ...args]) => succeeds(program, ...args));
  rmSync(directory, { recursive: true });
  return all;
}
