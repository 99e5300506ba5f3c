import { describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../../../src/facts/containers/container-spec.ts';
import { explain } from '../../../../src/operations/containers/body/fidelity.ts';
import { judgeReplacement } from '../../../../src/operations/containers/replace/judge.ts';
import { recordedSpec } from '../../../facts/recorded-specs.ts';

const random = recordedSpec('docker-28', 'random-port');
const bound = {
  '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '32768' }],
  '81/udp': [{ HostIp: '0.0.0.0', HostPort: '32769' }],
};
const pinned = { '80/tcp': [{ HostIp: '', HostPort: '32768' }], '81/udp': [{ HostIp: '', HostPort: '32769' }] };

/** As it is when the new one is compared with it: stopped, so that no port is bound. */
const stopped: ContainerSpec = { ...random, ports: {} };
const fresh = (bindings: ContainerSpec['hostConfig'], ports: ContainerSpec['ports'] = bound): ContainerSpec => ({
  ...random,
  ports,
  hostConfig: { ...random.hostConfig, PortBindings: bindings },
});
const kindOf = (one: ContainerSpec, patch: object): string | undefined =>
  explain(stopped, one, patch).find(({ what }) => what === 'HostConfig.PortBindings')?.kind;

describe('ports that Docker had chosen and that are pinned', () => {
  it('are what was asked for, although the old container, which is stopped, does not say any more which they were', () => {
    expect(kindOf(fresh(pinned), { pinPorts: true })).toBe('asked');
  });

  it('are not explained when nobody has asked for them, or when the new one is bound to others than it says', () => {
    expect(kindOf(fresh(pinned), {})).toBe('unexplained');
    expect(
      kindOf(fresh(pinned, { ...bound, '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '9' }] }), { pinPorts: true }),
    ).toBe('unexplained');
  });
});

describe('a size of the root file system', () => {
  it('is refused where the storage driver would take it and not keep it', () => {
    expect(judgeReplacement({ ...random, driver: 'overlayfs' }, { storageSize: 1 }, [])?.reason).toMatch(
      /overlayfs has no sizes/,
    );
    expect(judgeReplacement({ ...random, driver: 'overlay2' }, { storageSize: 1 }, [])).toBeUndefined();
  });
});

describe('what Docker says of a mount beyond what is mounted there', () => {
  const volume = {
    Destination: '/data',
    Driver: 'local',
    Mode: '',
    Name: 'f00d',
    Propagation: '',
    RW: true,
    Source: '/var/lib/docker/volumes/f00d/_data',
    Type: 'volume',
  };
  const lineOf = (was: object, is: object): string | undefined =>
    explain({ ...stopped, mounts: [{ ...volume, ...was }] }, { ...stopped, mounts: [{ ...volume, ...is }] }, {}).find(
      ({ what }) => what === 'mount /data',
    )?.kind;

  it('is compared too: only the mode that a volume without a name gets by its id is explained', () => {
    expect(lineOf({}, {})).toBe('identical');
    expect(lineOf({}, { Mode: 'z' })).toBe('named-by-docker');
    expect(lineOf({ Mode: 'Z' }, { Mode: 'z' })).toBe('unexplained');
    expect(lineOf({ Type: 'bind', Propagation: 'rslave' }, { Type: 'bind', Propagation: 'rprivate' })).toBe(
      'unexplained',
    );
    expect(lineOf({}, { Mode: 'z', Driver: 'nfs' })).toBe('unexplained');
    expect(lineOf({}, { RW: false })).toBe('unexplained');
  });
});
