import { describe, expect, it } from 'vitest';
import { containerSpec, type ContainerSpec } from '../../../src/facts/containers/container-spec.ts';
import { explain } from '../../../src/operations/containers/body/fidelity.ts';
import { replacementWarnings } from '../../../src/operations/containers/replace/judge.ts';
import { endpointsOf } from '../../../src/operations/containers/body/networks.ts';
import { recordedSpec, recordedText } from '../../facts/recorded-specs.ts';

const mac = '02:42:ac:99:88:44';
const id = recordedSpec('docker-28', 'two-networks').id;

/** Two networks, with what the daemon has on record of each, in the order of their names. */
function parsed(...macs: readonly string[]): ContainerSpec {
  const text = recordedText('docker-28', 'two-networks').replace(
    /\nend\n$/,
    `\n${macs.map((one) => `mac ${one}\n`).join('')}end\n`,
  );
  return containerSpec.parse({ status: 0, stdout: text, stderr: '' }, [id]);
}

/** Made anew and started: Docker has chosen what is not given. */
function anew(spec: ContainerSpec, second: string): ContainerSpec {
  return {
    ...spec,
    id: 'f'.repeat(64),
    ownMacs: { 'lab-a': '', 'lab-b': second },
    networks: Object.fromEntries(
      Object.entries(spec.networks).map(([name, endpoint]) => [name, { ...endpoint, MacAddress: '1a:2b:3c:4d:5e:6f' }]),
    ),
  };
}

const macLines = (old: ContainerSpec, fresh: ContainerSpec) =>
  explain(old, fresh, {}).filter(({ what }) => what.endsWith('.MacAddress'));

describe('a MAC address that somebody has set for a second network', () => {
  it('is known by the record of the daemon, and only by that', () => {
    expect(parsed('', mac).ownMacs).toEqual({ 'lab-a': '', 'lab-b': mac });
    expect(parsed('').ownMacs).toBeNull();
    expect(parsed().ownMacs).toBeNull();
  });

  it('is given to the new container', () => {
    expect(endpointsOf(parsed('', mac)).map(({ network, config }) => [network, config['MacAddress']])).toEqual([
      ['lab-a', undefined],
      ['lab-b', mac],
    ]);
    expect(endpointsOf({ ...parsed('', mac), api: '1.41' }).map(({ config }) => config['MacAddress'])).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('is a difference that nobody has asked for when it is lost, and none when it is kept, although it is not shown of a stopped container', () => {
    const old = parsed('', mac);
    const stopped = { ...old, networks: { ...old.networks, 'lab-b': { ...old.networks['lab-b'], MacAddress: '' } } };
    expect(macLines(stopped, anew(old, mac)).map(({ what, kind }) => [what, kind])).toEqual([
      ['network lab-a.MacAddress', 'named-by-docker'],
      ['network lab-b.MacAddress', 'identical'],
    ]);
    expect(macLines(old, anew(old, '')).find(({ what }) => what.startsWith('network lab-b'))).toMatchObject({
      kind: 'unexplained',
      from: mac,
      to: '',
    });
  });

  it('is warned of where the record cannot be read', () => {
    expect(replacementWarnings(parsed(), {}).join()).toMatch(/MAC addresses cannot be read on the host/);
    expect(replacementWarnings(parsed('', mac), {}).join()).not.toMatch(/MAC addresses/);
  });
});
