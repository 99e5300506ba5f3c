import { describe, expect, it } from 'vitest';
import type { ContainerUse, Mount } from '../../../src/facts/containers/container-uses.ts';
import { containerUses, dependants, isWithin, usersOfVolume } from '../../../src/facts/containers/container-uses.ts';

const id = 'a1'.repeat(32);
const line = JSON.stringify({
  id,
  name: '/app',
  running: true,
  startedAt: '2026-11-21T01:20:22Z',
  mounts: [
    {
      Type: 'volume',
      Name: 'foo',
      Source: '/var/lib/docker/volumes/foo/_data',
      Destination: '/data',
      Driver: 'local',
      Mode: 'z',
      RW: true,
      Propagation: '',
    },
    { Type: 'bind', Source: '/srv', Destination: '/srv', Mode: 'ro', RW: false, Propagation: 'rprivate' },
  ],
  volumesFrom: null,
  links: null,
  networkMode: 'bridge',
  pidMode: '',
  ipcMode: 'private',
  autoRemove: false,
  labels: null,
});
const parse = (stdout: string, status = 0, stderr = '') => containerUses.parse({ status, stdout, stderr }, []);

function use(name: string, digits: string, more: Partial<ContainerUse> = {}): ContainerUse {
  return {
    id: digits.repeat(64).slice(0, 64),
    name,
    running: true,
    startedAt: '',
    mounts: [],
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
const volumeMount = (name: string): Mount => ({
  type: 'volume',
  name,
  source: `/v/${name}/_data`,
  destination: '/x',
  readOnly: false,
  propagation: '',
});
const bind = (source: string): Mount => ({ type: 'bind', source, destination: '/x', readOnly: false, propagation: '' });

describe('what containers use', () => {
  it('is read with its mounts', () => {
    expect(parse(`1\n${line}\n`)).toEqual([
      {
        id,
        name: 'app',
        running: true,
        startedAt: '2026-11-21T01:20:22Z',
        mounts: [
          {
            type: 'volume',
            name: 'foo',
            source: '/var/lib/docker/volumes/foo/_data',
            destination: '/data',
            driver: 'local',
            readOnly: false,
            propagation: '',
          },
          { type: 'bind', source: '/srv', destination: '/srv', readOnly: true, propagation: 'rprivate' },
        ],
        volumesFrom: [],
        links: [],
        networkMode: 'bridge',
        pidMode: '',
        ipcMode: 'private',
        autoRemove: false,
        labels: {},
      },
    ]);
    expect(parse('0\n')).toEqual([]);
    expect(parse(`2\n${line}\n`, 1, 'Error: No such container: beef\n')).toHaveLength(1);
  });

  it.each([
    ['no docker', '', 127, '', 'no-docker'],
    ['no daemon', '', 125, 'Cannot connect', 'no-docker'],
    ['one is missing', `2\n${line}\n`, 0, '', 'fact-unreadable'],
    ['no JSON', '1\n{\n', 0, '', 'fact-unreadable'],
    ['other JSON', '1\n{}\n', 0, '', 'fact-unreadable'],
  ])('%s is not guessed', (_what, stdout, status, stderr, code) => {
    expect(() => parse(stdout, status, stderr)).toThrow(expect.objectContaining({ code }));
  });
});

describe('who uses a volume', () => {
  const foo = { name: 'foo', mountpoint: '/v/foo/_data' };
  it('those that mount it by name, and those that bind what lies in it', () => {
    const uses = [
      use('a', 'a', { mounts: [volumeMount('foo')] }),
      use('b', 'b', { mounts: [volumeMount('foo-1')] }),
      use('c', 'c', { mounts: [bind('/v/foo/_data/sub')] }),
      use('d', 'd', { mounts: [bind('/v/foo')] }),
      use('e', 'e', { mounts: [bind('/v/foo/_data2')] }),
    ];
    expect(usersOfVolume(uses, foo).map(({ name }) => name)).toEqual(['a', 'c']);
  });

  it.each([
    ['/v/foo/_data', true],
    ['/v/foo/_data/', true],
    ['/v/foo/_data/x', true],
    ['/v/foo/_data2', false],
    ['/v/foo', false],
  ])('%s', (path, within) => {
    expect(isWithin(path, '/v/foo/_data')).toBe(within);
    expect(isWithin(path, '')).toBe(false);
  });
});

describe('who depends on a container', () => {
  const db = use('db', 'd');
  it.each([
    ['volumes from it, by name', { volumesFrom: ['db:ro'] }, true],
    ['volumes from it, by a short id', { volumesFrom: ['dddddddddddd'] }, true],
    ['a link', { links: ['/db:/web/database'] }, true],
    ['its network', { networkMode: `container:${db.id}` }, true],
    ['its processes', { pidMode: 'container:db' }, true],
    ['its shared memory', { ipcMode: `container:${db.id}` }, true],
    ['volumes from another one', { volumesFrom: ['other'] }, false],
    ['a link to another one', { links: ['/other:/web/db'] }, false],
    ['the host', { networkMode: 'host', pidMode: 'host', ipcMode: 'shareable' }, false],
  ])('%s', (_what, more, depends) => {
    const web = use('web', 'e', more);
    expect(dependants([db, web, use('other', 'f')], db.id).map(({ name }) => name)).toEqual(depends ? ['web'] : []);
  });

  it('a name comes before an id that begins the same', () => {
    const named = use('dddd', 'c');
    expect(dependants([db, named, use('web', 'e', { volumesFrom: ['dddd'] })], db.id)).toEqual([]);
    expect(dependants([db, named, use('web', 'e', { volumesFrom: ['dddd'] })], named.id)).toHaveLength(1);
  });

  it('nobody on one that is not there', () => {
    expect(dependants([db], 'x')).toEqual([]);
  });
});
