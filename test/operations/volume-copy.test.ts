import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CopyDirectory, CopyTools } from '../../src/facts/directory-copy.ts';
import { copyDirectory, copyTools, directoryDifference } from '../../src/facts/directory-copy.ts';
import { ask } from '../../src/facts/fact.ts';
import { chooseMethod, comparison } from '../../src/operations/copy-method.ts';
import type { Planned } from '../../src/operations/operation.ts';
import { volumeCopy } from '../../src/operations/volume-copy.ts';
import { readHere, runScript } from '../facts/real-shell.ts';
import { Answers } from './known.ts';
import { applyHere } from './on-this-machine.ts';

const everything: CopyTools = { rsync: [3, 2, 7], cp: true, tar: true, manifest: true, getfattr: true, getfacl: true };
type Directory = Extract<CopyDirectory, { readonly kind: 'directory' }>;

function directory(path: string, more: Partial<Directory> = {}): Directory {
  return { kind: 'directory', path, identity: `1:${path}`, mode: '0755', owner: '0:0', mountsBelow: [], allocatedBytes: 40_960, apparentBytes: 30_000, entries: 7, availableBytes: 1e9, inodesTotal: 1000, inodesAvailable: 900, ...more };
}
const empty = { entries: 0, allocatedBytes: 4096, apparentBytes: 4096 };

interface World {
  readonly tools?: CopyTools;
  readonly from?: CopyDirectory;
  readonly to?: CopyDirectory;
  readonly difference?: { readonly total: number; readonly destructive: number };
}

function plan(world: World, more: Record<string, unknown> = {}): Planned {
  const tools = world.tools ?? everything;
  const known = new Answers()
    .set(ask(copyTools), tools)
    .set(ask(copyDirectory, '/v/a'), world.from ?? directory('/v/a'))
    .set(ask(copyDirectory, '/v/b'), world.to ?? directory('/v/b', empty));
  const method = chooseMethod(tools);
  if (method !== undefined && world.difference !== undefined) known.set(ask(directoryDifference, ...comparison(method, 'quick', '/v/a', '/v/b')), { ...world.difference, first: ['*deleting   old'] });
  return volumeCopy.plan(volumeCopy.schema.parse({ from: '/v/a', to: '/v/b/', ...more }), known);
}

describe('volume_copy, planned', () => {
  it('copies by rsync into an empty directory and can be taken back', () => {
    expect(plan({}, { bwlimit: '20MiB' })).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: '/v/a → /v/b: 7 entries, 40 KiB, by rsync',
          actions: [
            { argv: ['rsync', '-aHAXSx', '--numeric-ids', '--delete', '--no-inc-recursive', '--modify-window=-1', '--bwlimit=20480', '/v/a/', '/v/b/'] },
            { argv: ['sync', '-f', '/v/b'] },
            { argv: ['/bin/sh', '-s', '--', 'rsync', 'full', '--modify-window=-1', '/v/a', '/v/b'], stdin: expect.stringContaining('--checksum') },
          ],
          undo: [{ argv: ['find', '/v/b', '-xdev', '-mindepth', '1', '-delete'] }, { argv: ['chown', '0:0', '/v/b'] }, { argv: ['chmod', '0755', '/v/b'] }],
        },
      ],
    });
  });

  it.each<[string, CopyTools, string | undefined]>([
    ['rsync', everything, 'rsync'],
    ['GNU cp', { ...everything, rsync: null }, 'cp'],
    ['GNU tar', { ...everything, rsync: null, cp: false }, 'tar'],
    ['nothing to verify with', { ...everything, rsync: null, manifest: false }, undefined],
  ])('chooses %s', (_name, tools, expected) => {
    expect(chooseMethod(tools)?.kind).toBe(expected);
    const planned = plan({ tools });
    expect(planned.outcome === 'change' ? planned.changes[0]?.before['method'] : planned.outcome).toBe(expected ?? 'refused');
  });

  it('does not ask an rsync before 3.1.3 for nanoseconds', () => {
    expect(JSON.stringify(plan({ tools: { ...everything, rsync: [3, 1, 2] } }))).not.toContain('--modify-window');
  });

  it('has nothing to do when the two are the same, and completes a partial copy', () => {
    expect(plan({ to: directory('/v/b'), difference: { total: 0, destructive: 0 } }).outcome).toBe('noop');
    expect(plan({ to: directory('/v/b'), difference: { total: 3, destructive: 0 } })).toMatchObject({ outcome: 'change', changes: [{ undo: 'irreversible' }] });
  });

  it.each<[string, World, RegExp]>([
    ['a missing source', { from: { kind: 'missing' } }, /\/v\/a does not exist/],
    ['a missing destination', { to: { kind: 'missing' } }, /\/v\/b does not exist/],
    ['a file', { from: { kind: 'other' } }, /not a directory/],
    ['one directory under two paths', { to: directory('/v/b', { ...empty, identity: '1:/v/a' }) }, /same directory/],
    ['a destination inside the source', { to: directory('/v/a/sub', empty) }, /copy itself/],
    ['a source inside the destination', { from: directory('/v/b/sub'), to: directory('/v/b') }, /lies inside/],
    ['something mounted below', { from: directory('/v/a', { mountsBelow: ['/v/a/nfs'] }) }, /mounted below \/v\/a: \/v\/a\/nfs/],
    ['too little space', { to: directory('/v/b', { ...empty, availableBytes: 20_000 }) }, /19.53 KiB free, the copy needs 36 KiB/],
    ['too few inodes', { to: directory('/v/b', { ...empty, inodesAvailable: 6 }) }, /6 free inodes, the copy needs 7/],
    ['a destination with something else in it', { to: directory('/v/b'), difference: { total: 2, destructive: 1 } }, /holds something else: 2 differences, first \*deleting/],
  ])('refuses %s', (_what, world, reason) => {
    expect(plan(world)).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(reason), remedy: expect.stringMatching(/\w{3}/) });
  });

  it('replaces what is there only when told to, and only with rsync', () => {
    const world: World = { to: directory('/v/b'), difference: { total: 2, destructive: 1 } };
    expect(plan(world, { delete: true }).outcome).toBe('change');
    expect(plan({ ...world, tools: { ...everything, rsync: null } }, { delete: true })).toMatchObject({ outcome: 'refused', remedy: expect.stringContaining('install rsync') });
  });

  it('does not count inodes where the file system has no number of them', () => {
    expect(plan({ to: directory('/v/b', { ...empty, inodesTotal: 0, inodesAvailable: 0 }) }).outcome).toBe('change');
  });

  it.each([{ from: 'a' }, { to: '/' }, { to: '//' }, { to: '/v/../etc' }, { bwlimit: '20' }, { bwlimit: '-1M' }, { speed: 1 }])('its schema refuses %j', (more) => {
    expect(volumeCopy.schema.safeParse({ from: '/v/a', to: '/v/b', ...more }).success).toBe(false);
  });
});

/** Whether the tools are there and the temporary directory's file system takes what they set. */
function takesAttributes(): boolean {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-attributes-'));
  const commands = [['setfattr', '-n', 'user.x', '-v', 'y', directory], ['setfacl', '-m', 'u:1234:r', directory], ['getfattr', directory], ['getfacl', '-p', directory]];
  const all = commands.every(([program = '', ...args]) => spawnSync(program, args).status === 0);
  rmSync(directory, { recursive: true });
  return all;
}
const root = process.getuid?.() === 0;
const here = readHere(copyTools);
const methods: readonly [string, CopyTools][] = [
  ['rsync', here],
  ['cp', { ...here, rsync: null }],
  ['tar', { ...here, rsync: null, cp: false }],
];

describe('volume_copy, on this machine', () => {
  let base = '';
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'plimsoll-copy-'));
    mkdirSync(join(base, 'to'));
    makeTree(join(base, 'from'));
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
  });

  function world(tools: CopyTools): { readonly planned: Planned; readonly known: Answers } {
    const want = volumeCopy.schema.parse({ from: join(base, 'from'), to: join(base, 'to') });
    const known = new Answers().set(ask(copyTools), tools);
    for (let round = 0; round < 3; round += 1) {
      for (const request of volumeCopy.needs(want, known)) if (!known.has(request)) known.put(request, request.fact.parse(runScript(request.fact.script, request.args), request.args));
    }
    return { planned: volumeCopy.plan(want, known), known };
  }

  function copy(tools: CopyTools): Planned {
    const { planned } = world(tools);
    if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
    for (const { actions } of planned.changes) applyHere(actions);
    return world(tools).planned;
  }

  for (const [name, tools] of methods) {
    const possible = root && chooseMethod(tools)?.kind === name;
    const why = root ? `needs ${name}` : 'needs root';

    it.skipIf(!possible)(`copies a tree with everything in it by ${name}, finds it identical, and takes it back${possible ? '' : ` [not run: ${why}]`}`, () => {
      const { planned } = world(tools);
      expect(copy(tools).outcome).toBe('noop');
      const undo = planned.outcome === 'change' ? (planned.changes[0]?.undo ?? []) : [];
      applyHere(undo === 'irreversible' ? [] : undo);
      expect(readdirSync(join(base, 'to'))).toEqual([]);
    }, 60_000);

    it.skipIf(!possible)(`fails by ${name} when the source changes during the copy${possible ? '' : ` [not run: ${why}]`}`, () => {
      const { planned } = world(tools);
      if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
      const [first, ...rest] = planned.changes[0]?.actions ?? [];
      if (first === undefined) throw new Error('no action');
      applyHere([first]);
      writeFileSync(join(base, 'from', 'plain'), 'later');
      expect(() => { applyHere(rest); }).toThrow(/ended with 9: the copy differs from its source in \d+ places/);
    }, 60_000);

    it.skipIf(!possible)(`notices by ${name} every way in which a copy can differ${possible ? '' : ` [not run: ${why}]`}`, () => {
      copy(tools);
      const method = chooseMethod(tools);
      if (method === undefined) throw new Error('no method');
      const at = (...parts: readonly string[]): string => join(base, 'to', ...parts);
      const compared = (): string => runScript(directoryDifference.script, comparison(method, 'full', join(base, 'from'), join(base, 'to'))).stdout.trim();
      const damages: readonly [string, () => void][] = [
        ['other content of the same size and time', () => { writeFileSync(at('plain'), 'PLAIN'); utimesSync(at('plain'), 1_000_000_000, 1_000_000_000); }],
        ['another mode', () => { chmodSync(at('plain'), 0o600); }],
        ['another owner', () => { chownSync(at('plain'), 7, 7); }],
        ['another owner of the directory itself', () => { chownSync(at(), 7, 7); }],
        ['a nanosecond', () => { spawnSync('touch', ['-d', '2001-01-01 01:01:01.123456788', at('timed')]); }],
        ['a broken hard link', () => { rmSync(at('linked')); spawnSync('cp', ['-p', at('plain'), at('linked')]); }],
        ['another link target', () => { rmSync(at('symbolic')); symlinkSync('elsewhere', at('symbolic')); }],
        ['something more', () => { writeFileSync(at('.hidden-more'), ''); }],
        ['something less', () => { rmSync(at('.hidden')); }],
      ];
      for (const [damage, inflict] of damages) {
        spawnSync('sh', ['-c', 'rm -rf "$2" && cp -a "$1" "$2"', 'sh', join(base, 'from'), join(base, 'to')]);
        expect(compared(), 'before the damage').toBe('identical');
        inflict();
        expect(compared(), damage).not.toBe('identical');
      }
    }, 120_000);

    const attributes = possible && takesAttributes();
    it.skipIf(!attributes)(`keeps ACLs and extended attributes by ${name}, and notices when they differ${attributes ? '' : ` [not run: ${possible ? 'needs the packages attr and acl, and a file system for them' : why}]`}`, () => {
      const from = join(base, 'from');
      spawnSync('setfattr', ['-n', 'user.colour', '-v', 'red', join(from, 'plain')]);
      spawnSync('setfacl', ['-m', 'u:1234:r', join(from, 'plain')]);
      spawnSync('setfacl', ['-d', '-m', 'u:1234:rx', join(from, 'inner dir')]);
      expect(copy(tools).outcome).toBe('noop');
      spawnSync('setfattr', ['-n', 'user.colour', '-v', 'blue', join(base, 'to', 'plain')]);
      expect(world(tools).planned.outcome).toBe('refused');
      spawnSync('setfattr', ['-n', 'user.colour', '-v', 'red', join(base, 'to', 'plain')]);
      spawnSync('setfacl', ['-m', 'u:1234:rw', join(base, 'to', 'plain')]);
      expect(world(tools).planned.outcome).toBe('refused');
    }, 60_000);
  }

  it('measures a directory, and says what is none', () => {
    expect(readHere(copyDirectory, join(base, 'from'))).toMatchObject({ kind: 'directory', mode: '1751', mountsBelow: [], entries: 9 });
    expect(readHere(copyDirectory, join(base, 'nothing'))).toEqual({ kind: 'missing' });
    expect(readHere(copyDirectory, join(base, 'from', 'plain'))).toEqual({ kind: 'other' });
  });

  it('names what is mounted below', () => {
    const below = readFileSync('/proc/self/mountinfo', 'utf8').split('\n').map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith('/dev/'));
    expect(readHere(copyDirectory, '/dev')).toMatchObject({ kind: 'directory', path: '/dev', mountsBelow: below });
  });
});

function makeTree(path: string): void {
  mkdirSync(join(path, 'inner dir'), { recursive: true });
  writeFileSync(join(path, 'plain'), 'plain');
  linkSync(join(path, 'plain'), join(path, 'linked'));
  symlinkSync('plain', join(path, 'symbolic'));
  writeFileSync(join(path, '.hidden'), '');
  writeFileSync(join(path, 'inner dir', 'line\nfeed'), 'x');
  writeFileSync(join(path, ' -rf'), 'y');
  writeFileSync(join(path, 'timed'), 'z');
  writeFileSync(join(path, 'sparse'), 'start');
  truncateSync(join(path, 'sparse'), 3 * 1024 ** 2);
  if (root) {
    chownSync(join(path, 'plain'), 1000, 1001);
    chownSync(path, 33, 44);
    rmSync(join(path, 'sparse'));
    spawnSync('mkfifo', [join(path, 'sparse')]);
  }
  utimesSync(join(path, 'plain'), 1_000_000_000, 1_000_000_000);
  spawnSync('touch', ['-d', '2001-01-01 01:01:01.123456789', join(path, 'timed')]);
  chmodSync(path, 0o1751);
}
