import { describe, expect, it } from 'vitest';
import { parsePlaybook } from '../../src/config/playbook/playbook.ts';
import { AppError } from '../../src/errors.ts';
import { operations } from '../../src/operations/registry.ts';
import { chooseVersion, goingBack } from '../../src/records/going-back.ts';
import type { VersionRecord } from '../../src/records/version-record.ts';

const subject = { host: 'web-1', kind: 'volume', name: 'foo' } as const;
const record = (
  version: number,
  state: VersionRecord['state'],
  spec: VersionRecord['spec'],
  more: Partial<VersionRecord> = {},
): VersionRecord => ({
  v: 1,
  ...subject,
  version,
  state,
  spec,
  run: `run-${String(version)}`,
  who: 'ann@laptop',
  at: '',
  ...more,
});
const gib = 1024 ** 3;
const volumes = [
  record(0, 'replaced', { name: 'foo' }),
  record(1, 'replaced', { name: 'foo-1', sizeBytes: 10 * gib }),
  record(2, 'abandoned', {}),
  record(3, 'undone', {}),
  record(4, 'current', { name: 'foo-4', sizeBytes: 20 * gib }),
  record(5, 'pending', {}),
];
const options = { partly: false, discardLayer: false };

function refusal(work: () => unknown): Pick<AppError, 'code' | 'message' | 'hint'> {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof AppError) return { code: thrown.code, message: thrown.message, hint: thrown.hint };
    throw thrown;
  }
  throw new Error('nothing was refused');
}

describe('the version that is meant', () => {
  it('is one that has been in force', () => {
    expect([1, 4].map((version) => chooseVersion(subject, version, volumes, 'file:/r').version)).toEqual([1, 4]);
  });

  it.each<readonly [number, AppError['code'], RegExp]>([
    [2, 'refused', /^version 2 of volume foo on web-1 was never made: run run-2 has given it up$/],
    [3, 'refused', /taken back by the rollback of run run-3/],
    [5, 'refused', /is being made by run run-5/],
    [9, 'usage', /^there is no version 9 of volume foo on web-1$/],
  ])('%i is none', (version, code, message) => {
    expect(refusal(() => chooseVersion(subject, version, volumes, 'file:/r'))).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('is not guessed where nothing is recorded; what is recorded is named', () => {
    expect(refusal(() => chooseVersion(subject, 1, [], 'file:/r'))).toMatchObject({
      code: 'usage',
      message: 'no version of volume foo on web-1 is recorded in file:/r',
    });
    expect(refusal(() => chooseVersion(subject, 9, volumes.slice(3, 5), 'file:/r')).hint).toBe(
      'there are 3 (undone), 4 (current)',
    );
  });
});

describe('going back', () => {
  it('of a volume is to give the one that there is now the size of then, exactly', () => {
    const [, one] = volumes;
    if (one === undefined) throw new Error('no version');
    expect(goingBack(one, volumes, { ...options, discardLayer: true, gate: 3 }).step).toMatchObject({
      scale_volume: { volume: 'foo-4', size: '10GiB', layer: 'discard', gate: { seconds: 3 } },
    });
    expect(
      goingBack({ ...one, spec: { name: 'foo-1', sizeBytes: 10 * gib + 4096 } }, volumes, options).step,
    ).toMatchObject({ scale_volume: { size: '10485764KiB' } });
    expect(goingBack(one, volumes, options).notes.join()).toContain('its data does not');
  });

  it('of a volume without a size is refused', () => {
    expect(refusal(() => goingBack(record(0, 'replaced', { name: 'foo' }), volumes, options))).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('had no size of its own'),
    });
  });

  it('of a container says which values have been changed since, and takes nothing recorded for an expression', () => {
    const spec = {
      image: 'app:1',
      env: ['A', 'B'],
      labels: { l: '${{ 1 + 1 }}' },
      memoryBytes: 64 * 1024 ** 2,
      nanoCpus: 0,
      restart: 'no',
      ports: {},
      mounts: [],
      others: {},
      changed: ['env OLD'],
    };
    const of = (version: number, state: VersionRecord['state'], changed: readonly string[]): VersionRecord =>
      record(version, state, { ...spec, changed }, { kind: 'container', name: 'app' });
    const history = [
      of(1, 'replaced', ['env OLD']),
      of(2, 'replaced', ['env A', 'memory bytes']),
      of(3, 'undone', ['env B']),
      of(4, 'current', ['env A']),
    ];
    const [first] = history;
    if (first === undefined) throw new Error('no version');
    const { step, vars } = goingBack(first, history, { ...options, partly: true });
    expect(JSON.stringify(step)).not.toContain('1 + 1');
    const { value } = parsePlaybook('made', JSON.stringify([{ hosts: 'web-1', steps: [step] }]), operations);
    const resolved = value?.plays[0]?.steps[0]?.resolve({ vars, host: {}, facts: {}, registers: {} });
    expect(resolved).toMatchObject({
      value: {
        container: 'app',
        restore: {
          version: 1,
          env_changed: ['A'],
          partly: true,
          spec: { memoryBytes: 64 * 1024 ** 2, labels: { l: '${{ 1 + 1 }}' } },
        },
      },
    });
  });

  it('of a container of which too little is recorded is refused', () => {
    expect(
      refusal(() =>
        goingBack(record(1, 'replaced', { image: 'app:1', mounts: [] }, { kind: 'container' }), [], options),
      ),
    ).toMatchObject({ code: 'refused', message: expect.stringContaining('kept too little') });
  });
});
