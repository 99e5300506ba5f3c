import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BegunCopy } from '../../../src/facts/copies/begun-copy.ts';
import { begunCopies, copyStrangers } from '../../../src/facts/copies/begun-copy.ts';
import type { ContainerUse } from '../../../src/facts/containers/container-uses.ts';
import { copiedRecord } from '../../../src/facts/copies/copied-record.ts';
import type { CopiedRecord } from '../../../src/facts/copies/copied-record.ts';
import type { CopySource } from '../../../src/facts/copies/copy-source.ts';
import { containerUsesIfAny, copySource } from '../../../src/facts/copies/copy-source.ts';
import type { CopyDirectory, CopyTools } from '../../../src/facts/copies/directory-copy.ts';
import { copyDirectory, copyTools, directoryDifference } from '../../../src/facts/copies/directory-copy.ts';
import type { StoppedForCopies } from '../../../src/facts/copies/stopped-for-copy.ts';
import { stoppedForCopies } from '../../../src/facts/copies/stopped-for-copy.ts';
import { toBeMade } from '../../../src/facts/host/entered-directory.ts';
import { ask } from '../../../src/facts/fact.ts';
import { chooseMethod, comparison } from '../../../src/operations/copies/copy-method.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { copyVolumeSchema, volumeCopySchema } from '../../../src/operations/copies/copy-survey.ts';
import { copyVolume } from '../../../src/operations/copies/copy-volume.ts';
import { readHere, runScript } from '../../facts/real-shell.ts';
import type { NeedName } from '../../support/needs.ts';
import { methods } from '../copy-methods.ts';
import { Answers } from '../known.ts';
import { applyHere, knowHere, stateIn } from '../on-this-machine.ts';
import { planLawfully } from '../plan-lawfully.ts';
import { directory, empty, everything } from './world.ts';

interface World {
  readonly tools?: CopyTools;
  readonly from?: CopyDirectory;
  readonly to?: CopyDirectory;
  readonly difference?: { readonly total: number; readonly destructive: number };
  readonly copies?: readonly BegunCopy[];
  readonly strangers?: readonly string[];
  readonly special?: Partial<CopySource>;
  readonly uses?: readonly ContainerUse[] | null;
  readonly record?: CopiedRecord;
  readonly stopped?: StoppedForCopies['all'];
}

/** A container that runs and has one directory of the host mounted. */
function user(source: string, more: Partial<ContainerUse> = {}, readOnly = false): ContainerUse {
  return {
    id: (more.name ?? 'web').charCodeAt(0).toString(16).repeat(32),
    name: 'web',
    running: true,
    startedAt: '2026-11-20T00:00:00Z',
    mounts: [{ type: 'bind', source, destination: '/data', readOnly, propagation: '' }],
    volumesFrom: [],
    links: [],
    networkMode: 'bridge',
    pidMode: '',
    ipcMode: '',
    autoRemove: false,
    labels: {},
    ...more,
  };
}

/** Of the copy of /v/a to /v/b, when nothing was there but a directory of another owner. */
function begunCopy(more: Partial<BegunCopy> = {}): BegunCopy {
  return {
    from: '/v/a',
    to: '/v/b',
    inode: '/v/b',
    born: 5,
    found: 'nothing',
    owner: '7:7',
    mode: '2750',
    file: '/var/lib/plimsoll/copies/8-/v/b',
    text: 'a line',
    doubtful: false,
    ...more,
  };
}

function plan(world: World, more: Record<string, unknown> = {}): Planned {
  const tools = world.tools ?? everything;
  const known = new Answers()
    .set(ask(copyTools), tools)
    .set(ask(copyDirectory, '/v/a'), world.from ?? directory('/v/a'))
    .set(ask(copyDirectory, '/v/b'), world.to ?? directory('/v/b', empty))
    .set(ask(copySource, '/v/a'), { sockets: 0, fixed: 0, firstFixed: [], ...world.special })
    .set(ask(containerUsesIfAny), world.uses === undefined ? [] : world.uses)
    .set(ask(copiedRecord, '/v/a', '/v/b'), world.record ?? null)
    .set(ask(stoppedForCopies), { directory: '/var/lib/plimsoll/stopped', all: world.stopped ?? [] })
    .set(ask(begunCopies), { directory: '/var/lib/plimsoll/copies', copies: world.copies ?? [] });
  if (world.strangers !== undefined) known.set(ask(copyStrangers, '/v/a', '/v/b'), world.strangers);
  const method = chooseMethod(tools);
  if (method !== undefined && world.difference !== undefined)
    known.set(ask(directoryDifference, ...comparison(method, 'quick', directory('/v/a'), directory('/v/b'))), {
      ...world.difference,
      first: ['*deleting   old'],
    });
  return planLawfully(copyVolume, volumeCopySchema.parse({ from: '/v/a', to: '/v/b/', ...more }), known);
}

/** What the pass of a plan is told (copy-pass.sh): its arguments, by the order in which they stand. */
function passOf(planned: Planned): Record<'phase' | 'how' | 'times' | 'rate' | 'trust', string> {
  const [change, another] = planned.outcome === 'change' ? planned.changes : [];
  const scripts = (change?.actions ?? []).map((action) => (action.kind === 'exec' ? (action.stdin ?? '') : ''));
  const [, words = ''] = /^set -- ((?:live|final) .*)$/m.exec(scripts.join('\n')) ?? [];
  const [phase = '', how = '', times = '', rate = '', trust = '', ...sides] = words
    .split(' ')
    .map((word) => word.replaceAll("'", ''));
  expect([sides, another]).toEqual([['/v/a', '/v/b', '8:/v/a', '8:/v/b'], undefined]);
  return { phase, how, times, rate, trust };
}

/** What is done in the destination itself, if it is the one that was planned for; also after a restart, where that may be between. */
const inTarget = (text: string, identity = '8:/v/b'): object => ({
  argv: ['/bin/sh', '-s', '--', '/v/b', identity, text],
});
const later = '8:/v/b:5';

describe('copy_volume of two directories, by its older key volume_copy, planned', () => {
  it('copies by rsync into an empty directory and can be taken back', () => {
    const planned = plan({}, { bwlimit: '20MiB' });
    expect(passOf(planned)).toEqual({
      phase: 'final',
      how: 'rsync',
      times: '--modify-window=-1',
      rate: '20480',
      trust: 'own',
    });
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: '/v/a → /v/b: 7 entries, 40 KiB, by rsync',
          before: { entries: 0, bytes: 0, owner: '0:0', mode: '0755' },
          actions: [
            {
              argv: ['/bin/sh', '-s'],
              stdin: expect.stringMatching(
                /exec rsync -aHAXSx --numeric-ids --no-inc-recursive "\$@" "\$from\/" "\$to\/"[^]*pivot_root/,
              ),
            },
          ],
          undo: [
            { argv: ['/bin/sh', '-s', '--', '/var/lib/plimsoll/stopped/8-/v/b'] },
            {
              argv: ['/bin/sh', '-s', '--', '/v/b'],
              stdin: expect.stringMatching(/^set -- \/v\/a \/v\/b 8:\/v\/a:5 8:\/v\/b:5 again$/m),
            },
            inTarget('find . -xdev -mindepth 1 -delete', later),
            inTarget('chown 0:0 .', later),
            inTarget('chmod 00755 .', later),
            { argv: ['/bin/sh', '-s'], stdin: expect.stringContaining('# Forgets the copy to /v/b.') },
          ],
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
    expect(planned.outcome === 'change' ? planned.changes[0]?.summary : planned.outcome).toMatch(
      expected === undefined ? 'refused' : `, by ${expected}`,
    );
  });

  it('does not ask an rsync before 3.1.3 for nanoseconds', () => {
    expect(passOf(plan({ tools: { ...everything, rsync: [3, 1, 2] } }))).toMatchObject({ times: '' });
  });

  it('removes from the destination only what it was told to, or what a copy of the same has left there', () => {
    const trust = (world: World, more: Record<string, unknown> = {}): string => passOf(plan(world, more)).trust;
    expect(trust({})).toBe('own');
    expect(trust({ to: directory('/v/b'), difference: { total: 3, destructive: 0 } })).toBe('part');
    const begun = { to: directory('/v/b'), difference: { total: 3, destructive: 1 }, copies: [begunCopy()] };
    expect(trust({ ...begun, strangers: [] })).toBe('own');
    expect(trust({ to: directory('/v/b'), difference: { total: 3, destructive: 1 } }, { delete: true })).toBe(
      'anything',
    );
  });

  describe('when a copy was begun and not completed', () => {
    const partial = directory('/v/b', { entries: 3, owner: '0:0', mode: '1751' });
    const difference = { total: 5, destructive: 1 };

    it('goes on, and can still be taken back to how it was before it began', () => {
      expect(plan({ to: partial, difference, copies: [begunCopy()], strangers: [] })).toMatchObject({
        outcome: 'change',
        warnings: [expect.anything(), 'of what is at /v/b now, 1 differ from the source and are replaced or removed'],
        changes: [
          {
            summary: '/v/a → /v/b: go on with the copy of 7 entries, 40 KiB, by rsync',
            before: { entries: 3, unfinished: true, owner: '0:0', mode: '1751' },
            undoneTo: { entries: 0, bytes: 0, owner: '7:7', mode: '2750' },
            actions: [{ argv: ['/bin/sh', '-s'], stdin: expect.stringContaining('--checksum') }],
            undo: [
              {},
              {},
              inTarget('find . -xdev -mindepth 1 -delete', later),
              inTarget('chown 7:7 .', later),
              inTarget('chmod 02750 .', later),
              {},
            ],
          },
        ],
      });
    });

    it.each(['cp', 'tar'])('begins again with %s, which cannot go on', (name) => {
      const tools: CopyTools = { ...everything, rsync: null, cp: name === 'cp' };
      expect(
        plan({ tools, to: partial, difference: { total: 5, destructive: 5 }, copies: [begunCopy()], strangers: [] }),
      ).toMatchObject({
        outcome: 'change',
        changes: [
          {
            summary: `/v/a → /v/b: go on with the copy of 7 entries, 40 KiB, by ${name}, from its beginning`,
            actions: [{ argv: ['/bin/sh', '-s'], stdin: expect.stringContaining('find . -xdev -mindepth 1 -delete') }],
          },
        ],
      });
    });

    it('is not content with what looks equal until it has been verified', () => {
      expect(
        plan({ to: directory('/v/b'), difference: { total: 0, destructive: 0 }, copies: [begunCopy()], strangers: [] })
          .outcome,
      ).toBe('change');
      expect(
        plan({ to: directory('/v/b'), difference: { total: 0, destructive: 0 }, copies: [begunCopy({ from: '/v/c' })] })
          .outcome,
      ).toBe('change');
    });

    it('compares by checksum what size and time may not tell', () => {
      const planned = plan({ to: partial, difference, copies: [begunCopy({ doubtful: true })], strangers: [] });
      expect(planned).toMatchObject({
        outcome: 'change',
        warnings: expect.arrayContaining([expect.stringContaining('by checksum first')]),
      });
    });

    it('refuses when something is there that it cannot have left, unless that may be replaced', () => {
      const world: World = { to: partial, difference, copies: [begunCopy()], strangers: ['mine', 'x/newer'] };
      expect(plan(world)).toMatchObject({
        outcome: 'refused',
        reason: expect.stringMatching(/was begun and cut.*mine \| x\/newer is not in the source/),
        remedy: expect.stringContaining('delete: true'),
      });
      expect(plan(world, { delete: true })).toMatchObject({ outcome: 'change', changes: [{ undo: 'irreversible' }] });
      expect(plan({ ...world, tools: { ...everything, rsync: null } }, { delete: true })).toMatchObject({
        outcome: 'refused',
        remedy: expect.stringContaining('install rsync'),
      });
    });

    it.each<[string, Partial<BegunCopy>]>([
      ['of another source', { from: '/v/c' }],
      ['into a directory of another inode', { inode: '/v/old' }],
      ['into a directory that was made at another time', { born: 4 }],
      ['into another path', { to: '/v/c' }],
      ['that was to replace something', { found: 'else' }],
    ])('does not go on with a copy %s', (_what, more) => {
      expect(plan({ to: partial, difference, copies: [begunCopy(more)] })).toMatchObject({
        outcome: 'refused',
        reason: expect.stringContaining('holds something else'),
      });
      const anew = plan({ copies: [begunCopy(more)] });
      expect(anew).toMatchObject({
        outcome: 'change',
        changes: [
          {
            summary: '/v/a → /v/b: 7 entries, 40 KiB, by rsync',
            before: { entries: 0, bytes: 0, owner: '0:0', mode: '0755' },
          },
        ],
      });
      // Once the new copy is whole, nothing of the other is.
      const into = { ...begunCopy(more) };
      expect(anew.outcome === 'change' ? anew.changes[0]?.actions.slice(1) : anew).toEqual(
        into.to === '/v/b' ? [{ kind: 'exec', argv: ['rm', '-f', '--', into.file] }] : [],
      );
    });

    it('says that another directory was there when a copy was begun, and forgets that one with its own', () => {
      expect(plan({ copies: [begunCopy({ inode: '9', file: '/var/lib/plimsoll/copies/8-9' })] })).toMatchObject({
        warnings: expect.arrayContaining([expect.stringContaining('it is not mounted now')]),
        changes: [
          {
            actions: expect.arrayContaining([
              {
                kind: 'exec',
                argv: ['rm', '-f', '--', '/var/lib/plimsoll/copies/8-9'],
              },
            ]),
          },
        ],
      });
    });

    it('goes on with what replaces something else as long as that is wanted, and only by rsync', () => {
      const world: World = { to: partial, difference, copies: [begunCopy({ found: 'else' })], strangers: ['old'] };
      expect(plan(world, { delete: true })).toMatchObject({
        outcome: 'change',
        changes: [{ summary: expect.stringContaining('go on with'), undo: 'irreversible' }],
      });
      expect(plan({ ...world, tools: { ...everything, rsync: null } }, { delete: true })).toMatchObject({
        outcome: 'refused',
        remedy: expect.stringContaining('install rsync'),
      });
    });

    it('completes what was there in part, and cannot take that back', () => {
      expect(plan({ to: partial, difference, copies: [begunCopy({ found: 'part' })], strangers: [] })).toMatchObject({
        outcome: 'change',
        changes: [{ summary: expect.stringContaining('go on with'), undo: 'irreversible' }],
      });
      expect(
        plan({
          tools: { ...everything, rsync: null },
          to: partial,
          difference,
          copies: [begunCopy({ found: 'part' })],
          strangers: [],
        }),
      ).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('only rsync can go on') });
    });
  });

  it('has nothing to do when the two are the same, and completes a partial copy', () => {
    expect(plan({ to: directory('/v/b'), difference: { total: 0, destructive: 0 } }).outcome).toBe('noop');
    expect(plan({ to: directory('/v/b'), difference: { total: 3, destructive: 0 } })).toMatchObject({
      outcome: 'change',
      changes: [{ undo: 'irreversible' }],
    });
  });

  it.each<[string, World, RegExp]>([
    ['a missing source', { from: { kind: 'missing' } }, /\/v\/a does not exist/],
    ['a missing destination', { to: { kind: 'missing' } }, /\/v\/b does not exist/],
    ['a file', { from: { kind: 'other' } }, /not a directory/],
    ['one directory under two paths', { to: directory('/v/b', { ...empty, identity: '8:/v/a' }) }, /same directory/],
    ['a destination inside the source', { to: directory('/v/a/sub', empty) }, /copy itself/],
    ['a source inside the destination', { from: directory('/v/b/sub'), to: directory('/v/b') }, /lies inside/],
    [
      'something mounted below',
      { from: directory('/v/a', { mountsBelow: ['/v/a/nfs'] }) },
      /mounted below \/v\/a: \/v\/a\/nfs/,
    ],
    [
      'a source that is half a copy itself',
      { copies: [begunCopy({ from: '/v/z', to: '/v/a', inode: '/v/a' })] },
      /\/v\/a is itself a copy of \/v\/z that was begun/,
    ],
    [
      'a destination that a running container has',
      { uses: [user('/v/b/sub')] },
      /\/v\/b is used by web, which is running/,
    ],
    [
      'by tar, a source with sockets',
      { tools: { ...everything, rsync: null, cp: false }, special: { sockets: 2 } },
      /\/v\/a holds 2 sockets, which tar leaves out/,
    ],
    [
      'too little space',
      { to: directory('/v/b', { ...empty, availableBytes: 20_000 }) },
      /19.53 KiB free, the copy needs 36 KiB/,
    ],
    ['too few inodes', { to: directory('/v/b', { ...empty, inodesAvailable: 6 }) }, /6 free inodes, the copy needs 7/],
    [
      'a destination with something else in it',
      { to: directory('/v/b'), difference: { total: 2, destructive: 1 } },
      /holds something else: 2 differences, first \*deleting/,
    ],
  ])('refuses %s', (_what, world, reason) => {
    expect(plan(world)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(reason),
      remedy: expect.stringMatching(/\w{3}/),
    });
  });

  it('replaces what is there only when told to, and only with rsync', () => {
    const world: World = { to: directory('/v/b'), difference: { total: 2, destructive: 1 } };
    expect(plan(world, { delete: true }).outcome).toBe('change');
    expect(plan({ ...world, tools: { ...everything, rsync: null } }, { delete: true })).toMatchObject({
      outcome: 'refused',
      remedy: expect.stringContaining('install rsync'),
    });
  });

  it.each<[string, World, RegExp]>([
    [
      'which running container can write to the source',
      {
        uses: [
          user('/v'),
          user('/v/a', { name: 'app' }),
          user('/v/a', { name: 'reader' }, true),
          user('/v/a', { name: 'off', running: false }),
        ],
      },
      /^web, app run on: what is written to \/v\/a or \/v\/b during the copy makes its verification fail/,
    ],
    [
      'what has to be stopped first, where it is not known who that is',
      {},
      /^stop whatever writes to either directory first: what changes during the copy makes its verification fail/,
    ],
    ['that Docker does not answer', { uses: null }, /^Docker does not answer/],
    [
      'what is replaced when an older copy is brought up to date',
      {
        to: directory('/v/b'),
        difference: { total: 3, destructive: 1 },
        record: { stamp: '1.5', unchanged: true },
      },
      /^of what is at \/v\/b now, 1 differ from the source and are replaced or removed/,
    ],
    [
      'what cannot be changed, whose flag is not copied',
      { special: { fixed: 2, firstFixed: ['x', 'y/z'] } },
      /^2 of what is in \/v\/a cannot be changed \(chattr \+i or \+a: x, y\/z\)/,
    ],
    [
      'that the copy fits only as long as the holes stay',
      { from: directory('/v/a', { apparentBytes: 2e9 }) },
      /^\/v\/a would have 1.86 GiB without the holes/,
    ],
  ])('says %s', (_what, world, warning) => {
    expect(plan(world)).toMatchObject({
      outcome: 'change',
      warnings: expect.arrayContaining([expect.stringMatching(warning)]),
    });
  });

  it('is not kept from its work by containers that do not run, only read, or mount a directory above', () => {
    expect(
      plan({ uses: [user('/v'), user('/v/b', {}, true), user('/v/b', { running: false }), user('/v/bc')] }).outcome,
    ).toBe('change');
  });

  it('does not count inodes where the file system has no number of them', () => {
    expect(plan({ to: directory('/v/b', { ...empty, inodesTotal: 0, inodesAvailable: 0 }) }).outcome).toBe('change');
  });

  it.each([
    { from: 'a' },
    { to: '/' },
    { to: '//' },
    { to: '/v/../etc' },
    { bwlimit: '20' },
    { bwlimit: '-1M' },
    { speed: 1 },
  ])('its schema refuses %j', (more) => {
    expect(volumeCopySchema.safeParse({ from: '/v/a', to: '/v/b', ...more }).success).toBe(false);
    expect(copyVolumeSchema.safeParse({ from: '/v/a', to: '/v/b', ...more }).success).toBe(false);
  });

  it('is copy_volume that stops nobody, whichever way its directories are written', () => {
    const want = copyVolumeSchema.parse({ from: '/v/a/', to: { path: '/v/b' }, stop: false });
    expect(want).toMatchObject({ from: { path: '/v/a' }, to: { path: '/v/b' } });
    expect(volumeCopySchema.parse({ from: '/v/a', to: '/v/b//' })).toEqual(want);
    expect(copyVolumeSchema.parse(JSON.parse(JSON.stringify(want)))).toEqual(want);
  });

  it('is not tried where Docker does not answer, and somebody is to be started again', () => {
    const stopped = { from: '/v/a', to: '/v/b', containers: ['c'.repeat(64)], file: '/stopped/1', text: '' };
    expect(plan({ uses: null, stopped: [stopped] })).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('Docker daemon does not answer'),
    });
  });

  it('can be taken back without Docker where it was made without', () => {
    const guard = (world: World): unknown => {
      const planned = plan(world);
      const undo = planned.outcome === 'change' ? planned.changes[0]?.undo : undefined;
      return Array.isArray(undo) ? (undo as readonly object[])[1] : undo;
    };
    expect(guard({})).toMatchObject({ argv: ['/bin/sh', '-s', '--', '/v/b'] });
    expect(guard({ uses: null })).toMatchObject({ argv: ['/bin/sh', '-s', '--', '/v/b', 'unasked'] });
  });
});

const root = process.getuid?.() === 0;

describe('copy_volume of two directories, by its older key volume_copy, on this machine', () => {
  let base = '';
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'plimsoll-copy-'));
    mkdirSync(join(base, 'to'));
    makeTree(join(base, 'from'));
  });
  afterEach(() => {
    rmSync(base, { recursive: true, force: true });
  });

  function world(tools: CopyTools): Planned {
    const want = volumeCopySchema.parse({ from: join(base, 'from'), to: join(base, 'to') });
    return planLawfully(copyVolume, want, knowHere(copyVolume, want, lead(), new Answers().set(ask(copyTools), tools)));
  }
  const lead = (): ((text: string) => string) => stateIn(join(base, 'state'));
  const state = (): readonly string[] => readdirSync(join(base, 'state/copies'));

  function copy(tools: CopyTools): Planned {
    const planned = world(tools);
    if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
    for (const { actions } of planned.changes) applyHere(actions, lead());
    return world(tools);
  }

  for (const [name, tools, need] of methods) {
    const tags: NeedName[] = ['root', need];

    it(`copies a tree with everything in it by ${name}, finds it identical, and takes it back`, { tags }, () => {
      const planned = world(tools);
      expect(copy(tools).outcome).toBe('noop');
      expect(state()).toEqual([]);
      const undo = planned.outcome === 'change' ? (planned.changes[0]?.undo ?? []) : [];
      applyHere(undo === 'irreversible' ? [] : undo, lead());
      expect(readdirSync(join(base, 'to'))).toEqual([]);
      expect(world(tools)).toEqual(planned);
    });

    it(`fails by ${name} when the source changes during the copy`, { tags }, () => {
      const planned = world(tools);
      if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
      const actions = (planned.changes[0]?.actions ?? []).map((action) =>
        action.kind === 'exec'
          ? { ...action, stdin: action.stdin?.replace('sync -f . &', 'printf later >"$from/plain"; $&') ?? '' }
          : action,
      );
      expect(() => {
        applyHere(actions, lead());
      }).toThrow(/ended with 9: [^]*the copy differs from its source in \d+ places/);
      expect(copy(tools).outcome).toBe('noop');
      expect(readFileSync(join(base, 'to', 'plain'), 'utf8')).toBe('later');
    });

    it(`notices by ${name} every way in which a copy can differ`, { tags }, () => {
      copy(tools);
      const method = chooseMethod(tools);
      if (method === undefined) throw new Error('no method');
      const at = (...parts: readonly string[]): string => join(base, 'to', ...parts);
      const compared = (): string =>
        runScript(
          directoryDifference.script,
          comparison(method, 'full', toBeMade(join(base, 'from')), toBeMade(join(base, 'to'))),
        ).stdout.trim();
      const damages: readonly [string, () => void][] = [
        [
          'other content of the same size and time',
          () => {
            writeFileSync(at('plain'), 'PLAIN');
            utimesSync(at('plain'), 1_000_000_000, 1_000_000_000);
          },
        ],
        [
          'another mode',
          () => {
            chmodSync(at('plain'), 0o600);
          },
        ],
        [
          'another owner',
          () => {
            chownSync(at('plain'), 7, 7);
          },
        ],
        [
          'another owner of the directory itself',
          () => {
            chownSync(at(), 7, 7);
          },
        ],
        [
          'a nanosecond',
          () => {
            spawnSync('touch', ['-d', '2001-01-01 01:01:01.123456788', at('timed')]);
          },
        ],
        [
          'a broken hard link',
          () => {
            rmSync(at('linked'));
            spawnSync('cp', ['-p', at('plain'), at('linked')]);
          },
        ],
        [
          'another link target',
          () => {
            rmSync(at('symbolic'));
            symlinkSync('elsewhere', at('symbolic'));
          },
        ],
        [
          'something more',
          () => {
            writeFileSync(at('.hidden-more'), '');
          },
        ],
        [
          'something less',
          () => {
            rmSync(at('.hidden'));
          },
        ],
      ];
      for (const [damage, inflict] of damages) {
        spawnSync('sh', ['-c', 'rm -rf "$2" && cp -a "$1" "$2"', 'sh', join(base, 'from'), join(base, 'to')]);
        expect(compared(), 'before the damage').toBe('identical');
        inflict();
        expect(compared(), damage).not.toBe('identical');
      }
    });

    it(
      `keeps ACLs and extended attributes by ${name}, and notices when they differ`,
      { tags: [...tags, 'lab:attributes'] },
      () => {
        const from = join(base, 'from');
        spawnSync('setfattr', ['-n', 'user.colour', '-v', 'red', join(from, 'plain')]);
        spawnSync('setfacl', ['-m', 'u:1234:r', join(from, 'plain')]);
        spawnSync('setfacl', ['-d', '-m', 'u:1234:rx', join(from, 'inner dir')]);
        expect(copy(tools).outcome).toBe('noop');
        spawnSync('setfattr', ['-n', 'user.colour', '-v', 'blue', join(base, 'to', 'plain')]);
        expect(world(tools).outcome).toBe('refused');
        spawnSync('setfattr', ['-n', 'user.colour', '-v', 'red', join(base, 'to', 'plain')]);
        spawnSync('setfacl', ['-m', 'u:1234:rw', join(base, 'to', 'plain')]);
        expect(world(tools).outcome).toBe('refused');
      },
    );
  }

  it('measures a directory, and says what is none', () => {
    expect(readHere(copyDirectory, join(base, 'from'))).toMatchObject({
      kind: 'directory',
      mode: '1751',
      mountsBelow: [],
      entries: 9,
    });
    expect(readHere(copyDirectory, join(base, 'nothing'))).toEqual({ kind: 'missing' });
    expect(readHere(copyDirectory, join(base, 'from', 'plain'))).toEqual({ kind: 'other' });
  });

  it('names what is mounted below', () => {
    const below = readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .map((line) => line.split(' ')[4] ?? '')
      .filter((path) => path.startsWith('/dev/'));
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
