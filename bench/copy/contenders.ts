import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CopyMethod } from '../../src/operations/copies/copy-method.ts';
import { finalPass, livePass } from '../../src/operations/copies/copy-passes.ts';
import { wholeScript } from '../../src/shell/render.ts';
import type { Sshd } from '../../test/support/sshd.ts';
import { plimsollProgram } from '../requirements.ts';

/** Where one copy is made: the directories, and one of its own for what it writes down. */
export interface Trial {
  readonly from: string;
  readonly to: string;
  readonly own: string;
  readonly sshd: Sshd;
}

/** A program that copies, with its input. */
export interface Copying {
  readonly argv: readonly [string, ...string[]];
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CopyContender {
  readonly name: string;
  readonly title: string;
  readonly copying: (trial: Trial) => Copying;
}

const rsync = 'rsync -aHAXSx --numeric-ids "$1/" "$2/"';
const proof = 'out=$(rsync -aHAXSnx --numeric-ids --delete -i --checksum "$1/" "$2/") && [ -z "$out" ]';
const kept = "--xattrs --xattrs-include='*' --acls --numeric-owner";

function byHand(name: string, text: string): CopyContender {
  return { name, title: text, copying: ({ from, to }) => ({ argv: ['/bin/sh', '-c', text, 'sh', from, to] }) };
}

const byRsync: CopyMethod = { kind: 'rsync', nanoseconds: true };

function pass(name: string, title: string, scriptOf: (from: Side, to: Side) => Copying): CopyContender {
  return {
    name,
    title,
    copying: ({ from, to, own }) => ({ ...scriptOf(sideOf(from), sideOf(to)), env: { PLIMSOLL_STATE: own } }),
  };
}

interface Side {
  readonly path: string;
  readonly identity: string;
}

function sideOf(path: string): Side {
  const { dev, ino } = statSync(path, { bigint: true });
  return { path, identity: `${String(dev)}:${String(ino)}` };
}

const finalOf =
  (method: CopyMethod) =>
  (from: Side, to: Side): Copying => ({
    argv: ['/bin/sh', '-s'],
    input: wholeScript('Copies and compares.', finalPass(method, from, to, {})),
  });

function liveOf(from: Side, to: Side): Copying {
  const [action] = livePass(byRsync, from, to, {});
  if (action?.kind !== 'exec') throw new Error('a live pass is one program');
  const [program = '', ...args] = action.argv;
  return { argv: [program, ...args], input: action.stdin ?? '' };
}

/** As an operator has it: connecting, planning, asking what is there, and verifying included. */
const applied: CopyContender = {
  name: 'plimsoll apply',
  title: 'a playbook with one copy_volume, over ssh to this machine, from the start of the program to its end',
  copying({ from, to, own, sshd }) {
    const [inventory, playbook] = [join(own, 'inventory.yaml'), join(own, 'playbook.yaml')];
    const host = {
      address: sshd.address,
      port: sshd.port,
      user: sshd.user,
      identity_file: sshd.identityFile,
      known_hosts_file: sshd.knownHostsFile,
      agent: false,
      connect_timeout: '120s',
      state_directory: join(own, 'host'),
    };
    mkdirSync(own, { recursive: true });
    writeFileSync(inventory, JSON.stringify({ hosts: { here: host } }));
    const step = { copy_volume: { from: { path: from }, to: { path: to }, stop: false } };
    writeFileSync(playbook, JSON.stringify({ name: 'Copy', hosts: 'all', steps: [step] }));
    const options = ['-i', inventory, '--yes', '--output', 'plain'];
    return {
      argv: [process.execPath, plimsollProgram, 'apply', playbook, ...options],
      env: { XDG_STATE_HOME: join(own, 'laptop') },
    };
  },
};

/** By hand first: each of the others is compared with one of these. */
export const contenders: readonly CopyContender[] = [
  byHand('rsync', rsync),
  byHand('rsync, on the disk', `${rsync} && sync -f "$2"`),
  byHand('rsync, on the disk, proven', `${rsync} && sync -f "$2" && ${proof}`),
  byHand('cp', 'cp -a "$1/." "$2/"'),
  byHand('tar', `tar -C "$1" ${kept} -S -cf - . | tar -C "$2" ${kept} -xpf -`),
  pass('pass by rsync, without proof', 'the first pass of a copy: copied and on the disk', liveOf),
  pass('pass by rsync', 'the whole copy: copied, on the disk, proven by checksum', finalOf(byRsync)),
  pass('pass by cp', 'the same by cp', finalOf({ kind: 'cp' })),
  pass('pass by tar', 'the same by tar', finalOf({ kind: 'tar' })),
  applied,
];

/** What is told as a ratio: of one contender to another, within each round. */
export const comparisons: readonly (readonly [name: string, beside: string])[] = [
  ['pass by rsync, without proof', 'rsync'],
  ['pass by rsync, without proof', 'rsync, on the disk'],
  ['pass by rsync', 'rsync, on the disk, proven'],
  ['plimsoll apply', 'rsync, on the disk, proven'],
  ['pass by rsync', 'rsync'],
  ['pass by cp', 'cp'],
  ['pass by tar', 'tar'],
];
