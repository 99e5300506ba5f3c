import { describe, expect, it } from 'vitest';
import { renderLines } from '../../../../lab/sim/engine/render-lines.mjs';
import { composeCreation } from '../../../../src/operations/containers/body/creation.ts';
import { explain } from '../../../../src/operations/containers/body/fidelity.ts';
import { everything } from '../../../../src/operations/containers/replace/inspected.ts';
import { alwaysOther, mayDiffer } from '../../../../src/operations/containers/body/may-differ.ts';
import type { Patch } from '../../../../src/operations/containers/body/patch.ts';
import cases from '../../../facts/cases/container-specs.json' with { type: 'json' };
import type { RecordedDocker } from '../../../facts/recorded-specs.ts';
import { recordedDockers, recordedSpec } from '../../../facts/recorded-specs.ts';

const all = recordedDockers.flatMap((docker) =>
  Object.keys(cases[docker]).map((name): [RecordedDocker, string] => [docker, name]),
);
const patches: readonly Patch[] = [
  {},
  { memory: 1024 ** 3, nanoCpus: 1e9, labels: { a: 'b' }, env: { A: 'b' } },
  { ports: { '1/tcp': null }, mounts: { '/new': { volume: 'new' } } },
];

describe('what may differ in a new container', () => {
  it.each(all)('is compared with what was asked for, or is nothing of its settings: %s %s', (docker, name) => {
    const spec = recordedSpec(docker, name);
    for (const patch of patches) {
      const made = composeCreation(spec, patch);
      const checked = [...made.same, ...made.expected].map((line) => line.name);
      for (const key of Object.keys(mayDiffer(spec, patch, 'replaced')).filter((one) =>
        /^(Config|HostConfig)\./.test(one),
      )) {
        // Each link is a line of its own, which is not in the list; what Docker makes of the memory and the namespace of others has no value of its own.
        if (
          ['HostConfig.Links', 'HostConfig.MemorySwap'].includes(key) ||
          (key === 'Config.Hostname' && name === 'shares-network')
        )
          continue;
        expect(
          checked.some((line) => line.startsWith(key)),
          `${key}: ${checked.join(', ')}`,
        ).toBe(true);
      }
    }
  });

  it.each(all)('is all that the account of the differences does not explain: %s %s', (docker, name) => {
    const spec = recordedSpec(docker, name);
    const may = mayDiffer(spec, {}, 'replaced');
    const checked = composeCreation(spec, {});
    const compared = (what: string): boolean =>
      !Object.hasOwn(may, what) ||
      [...checked.same, ...checked.expected].some((line) => line.name.startsWith(what)) ||
      what === 'HostConfig.Links';
    const other = {
      ...spec,
      config: Object.fromEntries(Object.keys(spec.config).map((key) => [key, 'other'])),
      hostConfig: Object.fromEntries(
        Object.keys(spec.hostConfig).map((key) => [
          key,
          key === 'NetworkMode' ? (spec.hostConfig[key] ?? null) : 'other',
        ]),
      ),
    };
    const unexplained = explain(spec, other, {})
      .filter(({ kind, what }) => kind === 'unexplained' && /^(Config|HostConfig)\./.test(what))
      .map(({ what }) => what);
    expect(unexplained.length).toBeGreaterThan(20);
    expect(unexplained.filter((what) => !compared(what))).toEqual([]);
  });

  it('is a closed list, with a reason for each', () => {
    expect(Object.keys(alwaysOther).toSorted()).toEqual([
      'Created',
      'ExecIDs',
      'GraphDriver.Data',
      'HostConfig.RestartPolicy',
      'HostnamePath',
      'HostsPath',
      'Id',
      'LogPath',
      'MountLabel',
      'Name',
      'NetworkSettings.*',
      'ProcessLabel',
      'ResolvConfPath',
      'RestartCount',
      'State',
    ]);
    for (const why of Object.values(alwaysOther)) expect(why).toMatch(/\w/);
  });
});

describe('all that docker inspect shows, a line each', () => {
  const container = {
    Id: 'a'.repeat(64),
    Name: '/app',
    Newer: { x: 1 },
    Config: { Hostname: 'a'.repeat(12), Env: ['A=b'] },
    HostConfig: { Links: ['/db:/app/other'], Memory: 1 },
    Mounts: [{ Destination: '/a b', Type: 'volume', Newer: true }],
    NetworkSettings: { Ports: {}, Networks: { 'n.1': { IPAMConfig: null, Newer: 1 } } },
    GraphDriver: { Name: 'overlay2', Data: {} },
  };

  it('names each by what it is, also what no plimsoll has heard of', () => {
    expect(
      renderLines(everything, JSON.stringify(container))
        .out.split('\n')
        .filter((line) => line !== '')
        .toSorted(),
    ).toEqual(
      [
        'Config.Env\t["A=b"]',
        'Config.Hostname\t"the short id"',
        'GraphDriver.Data\t{}',
        'GraphDriver.Name\t"overlay2"',
        'HostConfig.Links /db:other\t1',
        'HostConfig.Memory\t1',
        `Id\t"${'a'.repeat(64)}"`,
        'Name\t"/app"',
        'NetworkSettings.Ports\t{}',
        'Newer\t{"x":1}',
        'mount "/a b".Destination\t"/a b"',
        'mount "/a b".Newer\ttrue',
        'mount "/a b".Type\t"volume"',
        'network "n.1"\t1',
        'network "n.1".IPAMConfig\tnull',
        'network "n.1".Newer\t1',
      ].toSorted(),
    );
  });
});
