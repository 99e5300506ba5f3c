import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import { hiddenConfigKeys } from '../../../../src/facts/containers/container-spec-script.ts';
import { composeCreation } from '../../../../src/operations/containers/body/creation.ts';
import { configFate } from '../../../../src/operations/containers/body/config-fates.ts';
import { createBody, fateOfKey, unknownKeys } from '../../../../src/operations/containers/body/create-body.ts';
import { hostFate } from '../../../../src/operations/containers/body/host-config-fates.ts';
import { judgeReplacement } from '../../../../src/operations/containers/replace/judge.ts';
import { endpointsOf } from '../../../../src/operations/containers/body/networks.ts';
import cases from '../../../facts/cases/container-specs.json' with { type: 'json' };
import type { RecordedDocker } from '../../../facts/recorded-specs.ts';
import { recordedDockers, recordedSpec } from '../../../facts/recorded-specs.ts';
import { documentedKeys, withCreateBodyTable } from '../../../support/create-body-table.ts';

const plain = recordedSpec('docker-28', 'plain');
const document = new URL('../../../../docs/container-settings.md', import.meta.url);

describe("the Engine API's create body", () => {
  it.each(documentedKeys)('$key is in the table', ({ key }) => {
    expect(fateOfKey(key)).toBeDefined();
  });

  it('has every key that the table names, but for what no version documents', () => {
    const unheard = Object.keys(createBody).filter(
      (known) =>
        !documentedKeys.some(({ key }) => key === known || key.startsWith(`${known}.`) || key.startsWith(`${known}[`)),
    );
    expect(unheard).toEqual(['HostConfig.Mounts[].ClusterOptions']);
  });

  it('has versions of its own from 1.24 on', () => {
    expect([
      Math.min(...documentedKeys.map(({ since }) => since)),
      Math.max(...documentedKeys.map(({ until }) => until)),
    ]).toEqual([24, 55]);
    expect(documentedKeys.length).toBeGreaterThan(150);
  });

  it('stands in the document as it is', () => {
    const text = readFileSync(document, 'utf8');
    expect(withCreateBodyTable(text)).toBe(text);
  });
});

describe('a key that is carried over', () => {
  const ofObject = (object: string): readonly string[] =>
    Object.entries(createBody).flatMap(([key, fate]) =>
      fate === 'carried' && key.startsWith(`${object}.`) ? [key.slice(object.length + 1)] : [],
    );
  const texts = (spec: ContainerSpec): readonly string[] => composeCreation(spec, {}).template.split('\n');

  it.each(ofObject('Config'))('Config.%s: stands in the body as the host says it', (key) => {
    const hidden = (hiddenConfigKeys as readonly string[]).includes(key);
    const spec: ContainerSpec = hidden ? plain : { ...plain, config: { ...plain.config, [key]: 'set' } };
    expect(configFate(key, spec, {})).toEqual({ kind: 'keep' });
    expect(texts(spec)).toContain(`{{json (index .Config "${key}")}}`);
  });

  it.each(ofObject('HostConfig'))('HostConfig.%s: stands in the body as the host says it', (key) => {
    const spec: ContainerSpec = {
      ...plain,
      hostConfig: { ...plain.hostConfig, [key]: key === 'NetworkMode' ? 'bridge' : 'set' },
    };
    expect(hostFate(key, spec, {})).toEqual({ kind: 'keep' });
    expect(texts(spec)).toContain(`{{json (index .HostConfig "${key}")}}`);
  });

  it.each(ofObject('NetworkingConfig.EndpointsConfig.*'))('of an endpoint: %s', (key) => {
    const spec: ContainerSpec = {
      ...plain,
      networks: { bridge: { ...plain.networks['bridge'], [key]: { set: true } } },
    };
    expect(endpointsOf(spec)[0]?.config).toMatchObject({ [key]: { set: true } });
  });
});

describe('a key that is not in the table', () => {
  const known = Object.fromEntries(recordedDockers.map((docker) => [docker, Object.keys(cases[docker])]));

  it.each(
    recordedDockers.flatMap((docker) => (known[docker] ?? []).map((name): [RecordedDocker, string] => [docker, name])),
  )('is in no container that a real daemon has described: %s %s', (docker, name) => {
    expect(unknownKeys(recordedSpec(docker, name))).toEqual([]);
  });

  it.each<[string, Partial<ContainerSpec>]>([
    ['Config.Newer', { config: { ...plain.config, Newer: 'x' } }],
    ['HostConfig.Newer', { hostConfig: { ...plain.hostConfig, Newer: { a: 1 } } }],
    [
      'HostConfig.Mounts[].VolumeOptions.Newer',
      { hostConfig: { ...plain.hostConfig, Mounts: [{ Type: 'volume', VolumeOptions: { Newer: true } }] } },
    ],
    ['NetworkingConfig.EndpointsConfig.*.Newer', { networks: { bridge: { Newer: 1 } } }],
  ])('%s is refused by its name where it is set', (key, more) => {
    expect(judgeReplacement({ ...plain, ...more }, {}, [])?.reason).toContain(key);
  });

  it('is of no meaning where it is not set', () => {
    expect(
      judgeReplacement(
        { ...plain, config: { ...plain.config, Newer: '' }, hostConfig: { ...plain.hostConfig, Newer: [] } },
        {},
        [],
      ),
    ).toBeUndefined();
  });
});
