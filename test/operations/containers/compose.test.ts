import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../src/facts/containers/container-spec.ts';
import type { Creation } from '../../../src/operations/containers/body/creation.ts';
import { composeCreation } from '../../../src/operations/containers/body/creation.ts';
import { mayDiffer } from '../../../src/operations/containers/body/may-differ.ts';
import { planMounts } from '../../../src/operations/containers/body/mounts.ts';
import type { Patch } from '../../../src/operations/containers/body/patch.ts';
import { portBindings } from '../../../src/operations/containers/body/ports.ts';
import { restartPolicyOf } from '../../../src/operations/containers/body/restart-policy.ts';
import { renderLines } from '../../../lab/sim/engine/render-lines.mjs';
import { asText } from '../../../src/values/json.ts';
import { recordedDockers, recordedSpec } from '../../facts/recorded-specs.ts';

/** The body with `"KEPT: TEMPLATE"` for every line that the host would print. */
function body({ template, fragments }: Creation, spec: ContainerSpec): unknown {
  const kept = template.split('\n');
  expect(kept.length).toBe(fragments.length - 1);
  // What prints several members, or none, of a list.
  const line = (text: string): string =>
    text.startsWith('{{range $k, $v := ')
      ? renderLines(text, JSON.stringify({ HostConfig: spec.hostConfig })).out
      : text.startsWith('{{$s := ')
        ? text.startsWith('{{$s := ","')
          ? ',"KEPT"'
          : '"KEPT"'
        : JSON.stringify(`KEPT: ${text}`);
  return JSON.parse(
    fragments.map((fragment, index) => `${fragment}\n${index < kept.length ? line(kept[index] ?? '') : ''}`).join('\n'),
  );
}

const kept = (key: string, object = '.Config'): string => `KEPT: {{json (index ${object} "${key}")}}`;
const made = (spec: ContainerSpec, patch: Patch = {}) => body(composeCreation(spec, patch), spec);

describe.each(recordedDockers)('the body of the new container, on %s', (docker) => {
  it('keeps every key, and names no value', () => {
    const spec = recordedSpec(docker, 'secrets');
    const composed = composeCreation(spec, {});
    const json = made(spec);
    expect(json).toMatchObject({
      Env: kept('Env'),
      Cmd: kept('Cmd'),
      Labels: kept('Labels'),
      Image: kept('Image'),
      HostConfig: { LogConfig: kept('LogConfig', '.HostConfig'), Runtime: kept('Runtime', '.HostConfig') },
    });
    const host = Object.keys(spec.hostConfig).filter((key) => !['RestartPolicy', 'Mounts'].includes(key));
    expect(json).toMatchObject({ HostConfig: Object.fromEntries(host.map((key) => [key, kept(key, '.HostConfig')])) });
    expect(JSON.stringify(composed)).not.toMatch(/correct horse|secret-tag/);
    // All of them are compared.
    for (const when of ['created', 'replaced'] as const)
      for (const key of ['Config.Env', 'Config.Cmd', 'HostConfig.LogConfig'])
        expect(mayDiffer(spec, {}, when)).not.toHaveProperty([key]);
  });

  it('has its restart policy from the beginning, since no daemon starts what has never run', () => {
    const spec = recordedSpec(docker, 'plain');
    const always = {
      ...spec,
      hostConfig: { ...spec.hostConfig, RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } },
    };
    expect(made(always)).toMatchObject({ HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 0 } } });
    expect(composeCreation(always, {}).expected).toContainEqual(
      expect.objectContaining({ name: 'HostConfig.RestartPolicy', text: 'always:0' }),
    );
  });

  it('leaves out the host name that is the short id, and says an entrypoint that was cleared', () => {
    expect(made(recordedSpec(docker, 'plain'))).not.toHaveProperty('Hostname');
    expect(made(recordedSpec(docker, 'cleared-entrypoint'))).toMatchObject({ Entrypoint: [''], Cmd: kept('Cmd') });
    expect(made(recordedSpec(docker, 'env-of-its-own'))).toMatchObject({ Entrypoint: kept('Entrypoint') });
  });

  it("leaves out what belongs to another's namespace", () => {
    const json = made(recordedSpec(docker, 'shares-network'));
    for (const key of ['Hostname', 'ExposedPorts', 'NetworkingConfig']) expect(json).not.toHaveProperty(key);
    for (const key of ['PortBindings', 'Dns', 'ExtraHosts', 'Links'])
      expect(json).not.toHaveProperty(`HostConfig.${key}`);
  });

  it('has its networks: all at once, or the others before it starts', () => {
    const spec = recordedSpec(docker, 'two-networks');
    const composed = composeCreation(spec, {});
    const a = { IPAMConfig: { IPv4Address: '10.91.0.50' }, Aliases: ['www', 'api'] };
    const b = { IPAMConfig: { IPv4Address: '10.92.0.50' }, Aliases: ['back'] };
    const old = docker === 'docker-20';
    expect(body(composed, spec)).toMatchObject({
      NetworkingConfig: { EndpointsConfig: old ? { 'lab-a': a } : { 'lab-a': a, 'lab-b': b } },
    });
    expect(composed.connects).toEqual(old ? [{ network: 'lab-b', config: b }] : []);
    expect(made(recordedSpec(docker, 'plain'))).not.toHaveProperty('NetworkingConfig');
  });

  it('has a MAC address only where the user has set it', () => {
    const own = made(recordedSpec(docker, 'own-mac'));
    expect(own).toMatchObject(
      docker === 'docker-20'
        ? { MacAddress: kept('MacAddress') }
        : { NetworkingConfig: { EndpointsConfig: { bridge: { MacAddress: '02:42:ac:99:88:77' } } } },
    );
    expect(JSON.stringify(made(recordedSpec(docker, 'two-networks')))).not.toMatch(/02:42/);
  });

  it('mounts the volumes that have no name by their ids', () => {
    const spec = recordedSpec(docker, 'anonymous');
    const name = (path: string): string => asText(spec.mounts.find((mount) => mount['Destination'] === path)?.['Name']);
    const mounts = (made(spec) as { HostConfig: { Mounts: unknown[] } }).HostConfig.Mounts;
    expect(mounts).toHaveLength(2);
    for (const path of ['/anonymous', '/anonymous-mount'])
      expect(mounts).toContainEqual(
        expect.objectContaining({ Type: 'volume', Source: name(path), Target: path, VolumeOptions: { NoCopy: true } }),
      );
  });

  it('puts a new volume where the old one was, once, and copies nothing into it', () => {
    const spec = recordedSpec(docker, 'binds');
    const patch = { volumes: { 'lab-named': 'lab-named-1', 'lab-other': 'lab-other-1' } };
    const json = made(spec, patch) as { HostConfig: { Binds: string[]; Mounts: unknown[] } };
    expect(json.HostConfig.Binds).toEqual(['/srv/lab-bind:/bound:ro', 'lab-named-1:/named:z,nocopy']);
    expect(json.HostConfig.Mounts).toHaveLength(2);
    expect(json.HostConfig.Mounts).toContainEqual({
      Type: 'volume',
      Source: 'lab-other-1',
      Target: '/other',
      ReadOnly: false,
      VolumeOptions: expect.objectContaining({ NoCopy: true }),
    });
    expect(planMounts(spec, patch).expected.get('/named')).toEqual({
      type: 'volume',
      source: 'lab-named-1',
      readWrite: true,
    });
    expect(planMounts(spec, {}).binds).toBeUndefined();
    expect(planMounts(spec, {}).mounts).toBeUndefined();
  });

  it('keeps the links, by the names of the others', () => {
    expect(made(recordedSpec(docker, 'linked'))).toMatchObject({ HostConfig: { Links: ['linked-to:other'] } });
  });

  it('changes what is asked', () => {
    const spec = recordedSpec(docker, 'env-of-its-own');
    const patch: Patch = {
      memory: 1024 ** 3,
      nanoCpus: 5e8,
      env: { NEW: 'a"b\n', EMPTY: null },
      labels: { from: null, mine: 'x' },
      storageSize: 10,
      restart: { name: 'on-failure', maximumRetryCount: 4 },
      ports: { '8000/tcp': [{ hostIp: '', hostPort: '80' }], '1/udp': [{ hostIp: '', hostPort: '2' }] },
    };
    expect(made(spec, patch)).toMatchObject({
      Env: ['NEW=a"b\n', 'KEPT'],
      Labels: { corpus: '', mine: 'x' },
      ExposedPorts: { '8000/tcp': {}, '9000/udp': {}, '1/udp': {} },
      HostConfig: {
        Memory: 1024 ** 3,
        NanoCpus: 5e8,
        StorageOpt: { size: '10' },
        PortBindings: { '8000/tcp': [{ HostIp: '', HostPort: '80' }], '1/udp': [{ HostIp: '', HostPort: '2' }] },
      },
    });
    expect(made(spec, patch)).not.toHaveProperty('HostConfig.MemorySwap');
    expect(restartPolicyOf(spec, patch)).toEqual({
      option: 'on-failure:4',
      policy: { Name: 'on-failure', MaximumRetryCount: 4 },
      expected: 'on-failure:4',
    });
    expect(made(spec, { env: { EMPTY: null } })).toMatchObject({ Env: ['KEPT'] });
  });

  it('leaves to another image what came from the old one', () => {
    const json = made(recordedSpec(docker, 'env-of-its-own'), { image: 'full:2' });
    expect(json).toMatchObject({
      Image: 'full:2',
      Labels: { corpus: '' },
      Volumes: {},
      ExposedPorts: {},
      Env: ['KEPT'],
    });
    for (const key of ['Entrypoint', 'Cmd', 'WorkingDir']) expect(json).not.toHaveProperty(key);
    expect(composeCreation(recordedSpec(docker, 'env-of-its-own'), { image: 'full:2' }).template).toMatch(
      /\(eq \(index \(split \. "="\) 0\)[^)]*"SHARED"/,
    );
  });
});

describe('ports', () => {
  const spec = (bindings: ContainerSpec['hostConfig'], ports: ContainerSpec['ports'] = {}): ContainerSpec => ({
    ...recordedSpec('docker-28', 'plain'),
    hostConfig: { PortBindings: bindings },
    ports,
  });

  it('says an empty list, which stands for a port that Docker chooses', () => {
    expect(portBindings(spec({ '80/tcp': [] }), {})).toEqual({ '80/tcp': [{ HostIp: '', HostPort: '' }] });
    expect(portBindings(spec({ '80/tcp': [{ HostIp: '', HostPort: '' }] }), {})).toBeUndefined();
  });

  it('keeps the ones that Docker has chosen, when asked, of the same address', () => {
    const bound = {
      '80/tcp': [
        { HostIp: '0.0.0.0', HostPort: '32768' },
        { HostIp: '::', HostPort: '32769' },
      ],
      '81/tcp': null,
    };
    expect(
      portBindings(
        spec({ '80/tcp': [{ HostIp: '', HostPort: '0' }], '81/tcp': [{ HostIp: '', HostPort: '9' }] }, bound),
        { pinPorts: true },
      ),
    ).toEqual({ '80/tcp': [{ HostIp: '', HostPort: '32768' }], '81/tcp': [{ HostIp: '', HostPort: '9' }] });
    expect(
      portBindings(spec({ '80/tcp': [{ HostIp: '10.0.0.1', HostPort: '' }] }, bound), { pinPorts: true }),
    ).toBeUndefined();
  });
});

describe('whatever is asked', () => {
  const words = fc.string({ minLength: 1 }).filter((value) => !value.includes('\0') && !value.includes('='));
  it('the body is JSON with the values that were asked, and no raw line feed in a fragment', () => {
    fc.assert(
      fc.property(
        fc.dictionary(words, fc.oneof(words, fc.constant(null))),
        fc.dictionary(words, words),
        (env, labels) => {
          const spec = recordedSpec('docker-28', 'env-of-its-own');
          const composed = composeCreation(spec, { env, labels });
          const json = body(composed, spec) as { Env: unknown; Labels: Record<string, string> };
          for (const [name, value] of Object.entries(labels)) expect(json.Labels[name]).toBe(value);
          for (const [name, value] of Object.entries(env))
            if (value !== null) expect(json.Env).toContain(`${name}=${value}`);
          expect(composed.fragments.filter((fragment) => fragment.includes('\n'))).toEqual([]);
          expect(composed.template.split('\n').length).toBe(composed.fragments.length - 1);
        },
      ),
      { numRuns: 60 },
    );
  });
});
