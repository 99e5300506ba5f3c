import { beforeAll, describe, expect, it } from 'vitest';
import { containers } from '../../../src/facts/containers/containers.ts';
import type { Docker } from '../../../src/facts/daemon/docker.ts';
import { dockerInfo } from '../../../src/facts/daemon/docker.ts';
import { ask } from '../../../src/facts/fact.ts';
import type { TrimState } from '../../../src/facts/rootfs/trim-state.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { trimRootfs } from '../../../src/operations/rootfs/trim-rootfs.ts';
import { compare } from '../../../src/plan/compare.ts';
import { commandLine } from '../../../src/values/shell.ts';
import { Answers } from '../known.ts';
import { planLawfully } from '../plan-lawfully.ts';
import type { RecordedHost } from '../recorded-hosts.ts';
import {
  answersOf,
  mappedTo,
  MiB,
  recordedHost,
  withDevice,
  withDocker,
  withoutDevice,
  withState,
} from '../recorded-hosts.ts';

const hosts = new Map<string, RecordedHost>();
beforeAll(async () => {
  for (const kind of ['dm-xfs', 'dm-ext4', 'dm-lvm', 'overlay2-20', 'containerd-28'] as const)
    hosts.set(kind, await recordedHost(kind));
});

function host(kind = 'dm-xfs'): RecordedHost {
  const found = hosts.get(kind);
  if (found === undefined) throw new Error(kind);
  return found;
}

function plan(on: RecordedHost, want: Record<string, unknown> = {}): Planned {
  const known = answersOf(on);
  const parsed = trimRootfs.schema.parse({ container: 'c1', ...want });
  expect(trimRootfs.needs(parsed, known).filter((request) => !known.has(request))).toEqual([]);
  return planLawfully(trimRootfs, parsed, known);
}

const withTrim = (on: RecordedHost, change: Partial<TrimState>): RecordedHost => ({
  ...on,
  trim: { hasFstrim: true, discardBytes: 4096, trimmed: undefined, ...on.trim, ...change },
});
const pool = (status: string) => (on: RecordedHost) => withDevice(on, 'pool', () => ({ status: [status] }));

describe('a container that has removed files', () => {
  it.each([
    ['dm-xfs', '-t xfs -o nouuid'],
    ['dm-lvm', '-t xfs -o nouuid'],
    ['dm-ext4', '-t ext4'],
  ])('on %s: a mount of our own, that is trimmed, and is taken away', (kind, options) => {
    const planned = plan(mappedTo(host(kind), 300 * MiB));
    if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
    const [change] = planned.changes;
    const name = host(kind).container.graph?.['DeviceName'] ?? '';
    const at = `/var/lib/plimsoll/mnt/${name}`;
    expect(
      change?.actions.map((action) => (action.kind === 'exec' ? [commandLine(action.argv), action.atEnd] : [])),
    ).toEqual([
      [commandLine(['mkdir', '-p', at]), [['rmdir', at]]],
      [commandLine(['mount', ...options.split(' '), `/dev/mapper/${name}`, at]), [['umount', at]]],
      [expect.stringContaining('"$@" fstrim "$directory"'), undefined],
    ]);
    expect(change).toMatchObject({ undo: [], atomic: true, lapse: 'may' });
    expect(planned.warnings?.[0]).toMatch(/^c1: 300 MiB of its device are mapped, .* about [\d.]+ MiB can come back/);
  });

  it('says how much: what is mapped, less what df says and what it leaves out', () => {
    // 300 MiB mapped, 24.18 MiB used, 64 MiB of log.
    expect(JSON.stringify(plan(mappedTo(host(), 300 * MiB)))).toContain('about 211.82 MiB can come back');
  });

  it.each([
    ['as recorded', () => host(), {}],
    ['below the threshold', () => mappedTo(host(), 300 * MiB), { at_least: '1GiB' }],
    ['below 64 MiB', () => mappedTo(host(), 150 * MiB), {}],
    [
      'what the last trimming has left',
      () => withTrim(mappedTo(host(), 300 * MiB), { trimmed: { givenBackBytes: 1, spareBytes: 270 * MiB } }),
      {},
    ],
    ['nothing, however little is asked for', () => host(), { at_least: '1MiB' }],
  ])('is left alone where too little can come back: %s', (_what, on, want) => {
    expect(plan(on(), want)).toMatchObject({ outcome: 'noop' });
  });

  it('is trimmed again when more has come since the last time', () => {
    const on = withTrim(mappedTo(host(), 300 * MiB), { trimmed: { givenBackBytes: 1, spareBytes: 100 * MiB } });
    expect(plan(on)).toMatchObject({ outcome: 'change' });
  });

  it('may have given back something else by the time it is applied: that is no drift', () => {
    const was = plan(mappedTo(host(), 300 * MiB));
    expect(compare(was, plan(mappedTo(host(), 310 * MiB)))).toEqual([]);
    expect(compare(was, plan(host()))).toEqual([]);
    expect(compare(plan(host()), was)).toHaveLength(1);
  });

  it('is warned of where the pool passes nothing down', () => {
    const on = pool('0 4194304 thin-pool 4 848/8192 5000/32768 - rw no_discard_passdown queue_if_no_space - 1024 ')(
      mappedTo(host(), 300 * MiB),
    );
    expect(JSON.stringify(plan(on))).toContain('passes no discards down');
  });

  it('is trimmed where the pool has less free than Docker asks for: that is what it is for', () => {
    const on = pool('0 4194304 thin-pool 4 848/8192 32000/32768 - rw discard_passdown queue_if_no_space - 1024 ')(
      mappedTo(host(), 300 * MiB),
    );
    expect(plan(on)).toMatchObject({ outcome: 'change' });
  });
});

describe('what is refused, with what to do', () => {
  const mapped = (change: (on: RecordedHost) => RecordedHost) => () => change(mappedTo(host(), 300 * MiB));
  it.each([
    ['overlay2', () => host('overlay2-20'), 'the storage driver is overlay2', 'fstrim.timer'],
    ['the containerd image store', () => host('containerd-28'), 'the storage driver is overlayfs', 'fstrim.timer'],
    [
      'a stopped one',
      mapped((on) => withState(withoutDevice(on), 'exited')),
      'c1 is not running (exited)',
      'docker start c1',
    ],
    ['a paused one', mapped((on) => withState(on, 'paused')), 'c1 is paused', 'docker unpause c1'],
    ['one without a device', mapped(withoutDevice), 'its device', 'Stop and start it'],
    [
      'no such container',
      () => ({ ...host(), container: { ...host().container, name: 'x' } }),
      'no container "c1"',
      'did you mean x',
    ],
    ['no fstrim', mapped((on) => withTrim(on, { hasFstrim: false })), 'fstrim is not installed', 'util-linux'],
    [
      'a device without discards',
      mapped((on) => withTrim(on, { discardBytes: 0 })),
      'discard_max_bytes is 0',
      'below the pool',
    ],
    [
      'a pool that ignores them',
      mapped(pool('0 4194304 thin-pool 4 848/8192 1248/32768 - rw ignore_discard queue_if_no_space - 1024 ')),
      'ignore_discard',
      'its options',
    ],
    ['a failed pool', mapped(pool('0 4194304 thin-pool Fail')), 'in state Fail', 'thin_repair'],
    [
      'a read-only pool',
      mapped(pool('0 4194304 thin-pool 4 848/8192 1248/32768 - ro discard_passdown queue_if_no_space - 1024')),
      'in state ro',
      'thin_repair',
    ],
    [
      'a pool to be checked',
      mapped(
        pool('0 4194304 thin-pool 4 848/8192 1248/32768 - rw discard_passdown queue_if_no_space needs_check 1024'),
      ),
      'needs_check',
      'thin_check',
    ],
    [
      'a file system that does not answer',
      mapped((on) => ({ ...on, rootfs: on.rootfs === undefined ? undefined : { ...on.rootfs, usage: undefined } })),
      'cannot be told',
      'df /proc/',
    ],
    [
      'a status that is not understood',
      mapped((on) => withDevice(on, 'container', () => ({ status: ['0 655360 thin Fail'] }))),
      'how much of its device is mapped',
      'dmsetup status',
    ],
  ])('%s', (_what, on, reason, remedy) => {
    const planned = plan(on());
    expect(planned).toMatchObject({ outcome: 'refused', reason: expect.stringContaining(reason) });
    expect(planned).toMatchObject({ remedy: expect.stringContaining(remedy) });
  });

  it.each([[{}], [{ container: '' }], [{ container: 'a', at_least: '64' }], [{ container: 'a', size: '1GiB' }]])(
    'as input: %j',
    (want) => {
      expect(trimRootfs.schema.safeParse(want).success).toBe(false);
    },
  );

  it('asks for nothing but what the daemon says where that has no devices', () => {
    const known = new Answers().set(ask(dockerInfo), { ...host('overlay2-20').docker } satisfies Docker);
    known.set(ask(containers), []);
    const needs = trimRootfs.needs(trimRootfs.schema.parse({ container: 'c1' }), known);
    expect(needs.map(({ fact }) => fact.name)).toEqual(['docker', 'containers']);
  });
});

it('registers what the pool got back of each container', () => {
  const on = withTrim(host(), { trimmed: { givenBackBytes: 60 * MiB, spareBytes: 0 } });
  const want = trimRootfs.schema.parse({ container: '*' });
  expect(trimRootfs.result?.(want, answersOf(on), undefined)).toEqual({
    trimmed: [{ container: 'c1', given_back_bytes: 60 * MiB }],
  });
  expect(trimRootfs.result?.(want, answersOf(host()), undefined)).toEqual({ trimmed: [] });
});

it('leaves a container that does not run out where it is told to', () => {
  const on = withState(withoutDevice(host()), 'exited');
  expect(plan(withDocker(on, {}), { container: 'c*', only_running: true })).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('not running'),
  });
});
