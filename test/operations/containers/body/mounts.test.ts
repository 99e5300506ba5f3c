import { describe, expect, it } from 'vitest';
import { renderLines } from '../../../../lab/sim/engine/render-lines.mjs';
import type { ContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import { composeCreation } from '../../../../src/operations/containers/body/creation.ts';
import { containerPath } from '../../../../src/operations/containers/body/container-path.ts';
import { judgeReplacement } from '../../../../src/operations/containers/replace/judge.ts';
import { planMounts } from '../../../../src/operations/containers/body/mounts.ts';
import type { Patch } from '../../../../src/operations/containers/body/patch.ts';
import type { JsonObject } from '../../../../src/values/json.ts';
import { asText } from '../../../../src/values/json.ts';
import { recordedSpec } from '../../../facts/recorded-specs.ts';

const plain = recordedSpec('docker-28', 'plain');

/** A container with one mount, said by an entry of HostConfig.Mounts, or by one of Binds. */
function mounted(said: { readonly entry: JsonObject } | { readonly bind: string }, shown: JsonObject): ContainerSpec {
  const host = 'entry' in said ? { Mounts: [said.entry] } : { Binds: [said.bind] };
  return {
    ...plain,
    hostConfig: { ...plain.hostConfig, ...host },
    mounts: [{ Destination: '/data', RW: true, Mode: 'z', Propagation: '', Driver: 'local', ...shown }],
  };
}

/** What the body of the new container says of HostConfig.Mounts, with the host's own values in it. */
function mountsOf(spec: ContainerSpec, patch: Patch, host = spec.hostConfig): unknown {
  const { template, fragments } = composeCreation(spec, patch);
  const all = JSON.stringify({ HostConfig: host });
  const lines = template
    .split('\n')
    .map((text) => (text.includes('"Mounts"') ? renderLines(text, all).out.replace(/\n$/, '') : '0'));
  return (
    JSON.parse(fragments.map((fragment, index) => `${fragment}${lines[index] ?? ''}`).join('')) as {
      HostConfig: { Mounts: unknown };
    }
  ).HostConfig.Mounts;
}

const volume = { Type: 'volume', Name: 'one', Source: '/var/lib/docker/volumes/one/_data' };
const entry = {
  Type: 'volume',
  Source: 'one',
  Target: '/data',
  Consistency: 'cached',
  VolumeOptions: { Subpath: 'sub', Labels: { k: 'v' }, DriverConfig: true, Newer: 1 },
};

describe('another volume where one is mounted', () => {
  it.each<[string, Patch]>([
    ['by its path', { mounts: { '/data': { volume: 'two' } } }],
    ['by the name of the old one', { volumes: { one: 'two' } }],
  ])('%s: keeps everything else of the entry, on the host', (_, patch) => {
    const spec = mounted({ entry }, volume);
    const host = {
      ...spec.hostConfig,
      Mounts: [
        {
          ...entry,
          VolumeOptions: { ...entry.VolumeOptions, DriverConfig: { Name: 'local', Options: { o: 'password=secret' } } },
        },
      ],
    };
    expect(mountsOf(spec, patch, host)).toEqual([
      {
        ...entry,
        Source: 'two',
        ReadOnly: false,
        VolumeOptions: {
          ...entry.VolumeOptions,
          NoCopy: true,
          DriverConfig: { Name: 'local', Options: { o: 'password=secret' } },
        },
      },
    ]);
    expect(JSON.stringify(composeCreation(spec, patch))).not.toContain('secret');
  });

  it('stays read-only, unless that is asked for, too', () => {
    const spec = mounted({ bind: 'one:/data/:ro,z' }, { ...volume, RW: false });
    expect(planMounts(spec, { mounts: { '/data': { volume: 'two' } } }).binds).toEqual(['two:/data/:ro,z,nocopy']);
    expect(planMounts(spec, { mounts: { '/data': { volume: 'two', readOnly: false } } }).binds).toEqual([
      'two:/data/:z,nocopy',
    ]);
    expect(planMounts(spec, { mounts: { '/data': { volume: 'one', readOnly: false } } }).binds).toEqual([
      'one:/data/:z,nocopy',
    ]);
    expect(planMounts(spec, { mounts: { '/data/': { volume: 'one' } } }).binds).toBeUndefined();
  });

  it('is compared in what is kept, by the places that both have it at', () => {
    const spec = {
      ...mounted({ entry }, volume),
      hostConfig: { ...plain.hostConfig, Mounts: [{ Type: 'tmpfs', Target: '/gone' }, entry] },
    };
    const { same } = composeCreation(spec, { mounts: { '/gone': null, '/data': { volume: 'two' } } });
    const lines = same.filter(({ name }) => name.startsWith('HostConfig.Mounts'));
    expect(lines.length).toBeGreaterThan(0);
    for (const { template, is } of lines) {
      expect(template).toContain('"Mounts") 1');
      expect(is).toContain('"Mounts") 0');
    }
  });
});

describe('what another kind of mount could not have', () => {
  it.each<[string, ContainerSpec, Patch, RegExp]>([
    [
      'a path below a volume',
      mounted({ entry: { ...entry, VolumeOptions: { Subpath: 'sub', Labels: { k: 'v' } } } }, volume),
      { mounts: { '/data': { bind: '/srv' } } },
      /\/data has VolumeOptions\.Subpath,/,
    ],
    [
      'propagation',
      mounted(
        { entry: { Type: 'bind', Source: '/srv', Target: '/data', BindOptions: { Propagation: 'rslave' } } },
        { Type: 'bind', Source: '/srv' },
      ),
      { mounts: { '/data': { volume: 'two' } } },
      /BindOptions\.Propagation/,
    ],
    [
      'propagation of a bind',
      mounted({ bind: '/srv:/data:rslave' }, { Type: 'bind', Source: '/srv' }),
      { mounts: { '/data': { volume: 'two' } } },
      /\/data has rslave,/,
    ],
    [
      'a key of an entry that nobody knows',
      mounted({ entry: { ...entry, Newest: 'x' } }, volume),
      {},
      /has HostConfig\.Mounts\[\]\.VolumeOptions\.Newer, HostConfig\.Mounts\[\]\.Newest, which plimsoll does not know/,
    ],
  ])('%s is refused by its name', (_, spec, patch, reason) => {
    const known = { ...spec, hostConfig: { ...spec.hostConfig } };
    const refusal = judgeReplacement(known, patch, []);
    expect(refusal?.reason).toMatch(reason);
  });

  it('is nothing, where it says how the old one was made, or what Docker takes anyway', () => {
    const made = mounted(
      {
        entry: {
          Type: 'volume',
          Source: 'one',
          Target: '/data',
          VolumeOptions: { NoCopy: true, Labels: { k: 'v' }, DriverConfig: true },
        },
      },
      volume,
    );
    expect(judgeReplacement(made, { mounts: { '/data': { bind: '/srv' } } }, [])).toBeUndefined();
    const ordinary = mounted(
      { entry: { Type: 'bind', Source: '/srv', Target: '/data', BindOptions: { Propagation: 'rprivate' } } },
      { Type: 'bind', Source: '/srv' },
    );
    expect(judgeReplacement(ordinary, { mounts: { '/data': { volume: 'two' } } }, [])).toBeUndefined();
  });
});

describe('a path in a container', () => {
  it.each([
    ['/data/', '/data'],
    ['//a//b/', '/a/b'],
    ['/a/./b/../c', '/a/c'],
    ['/', '/'],
    ['data', '/data'],
    ['/../x', '/x'],
  ])('%s is %s', (text, path) => {
    expect(containerPath(text)).toBe(path);
  });

  it('is found however it is written', () => {
    const spec = mounted({ bind: 'one:/data/' }, volume);
    expect([...planMounts(spec, { mounts: { '/data': { volume: 'two' } } }).expected]).toEqual([
      ['/data', { type: 'volume', source: 'two', readWrite: true }],
    ]);
    expect(asText(planMounts(spec, { mounts: { '/data/.': null } }).binds?.[0])).toBe('');
  });
});
