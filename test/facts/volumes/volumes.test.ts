import { describe, expect, it } from 'vitest';
import { volumes } from '../../../src/facts/volumes/volumes.ts';

const parse = (stdout: string, status = 0, stderr = '') => volumes.parse({ status, stdout, stderr }, []);
/** As Docker 20.10 and 28.5 print them. */
const foo =
  '{"CreatedAt":"2026-11-21T01:20:21Z","Driver":"local","Labels":{},"Mountpoint":"/var/lib/docker/volumes/foo/_data","Name":"foo","Options":{"size":"20M"},"Scope":"local"}';
const plain =
  '{"CreatedAt":"2026-11-21T01:20:28Z","Driver":"local","Labels":null,"Mountpoint":"/var/lib/docker/volumes/plain/_data","Name":"plain","Options":null,"Scope":"local"}';
const share =
  '{"CreatedAt":"2026-11-21T01:20:28Z","Driver":"local","Labels":{"a":"b"},"Mountpoint":"/m","Name":"share","Options":{"device":"//x/y","o":"username=u,password=hunter2","type":"cifs"},"Scope":"local"}';

describe('the list of volumes', () => {
  it('has everything that Docker says of each', () => {
    expect(parse(`2\n${foo}\n${plain}\n`)).toEqual([
      {
        name: 'foo',
        driver: 'local',
        mountpoint: '/var/lib/docker/volumes/foo/_data',
        labels: {},
        options: { size: '20M' },
        scope: 'local',
        createdAt: '2026-11-21T01:20:21Z',
      },
      {
        name: 'plain',
        driver: 'local',
        mountpoint: '/var/lib/docker/volumes/plain/_data',
        labels: {},
        options: {},
        scope: 'local',
        createdAt: '2026-11-21T01:20:28Z',
      },
    ]);
    expect(parse('0\n')).toEqual([]);
  });

  it('but no password', () => {
    const found = parse(`1\n${share}\n`);
    expect(found).toMatchObject([{ options: { type: 'cifs', device: '//x/y' } }]);
    expect(JSON.stringify(found)).not.toContain('hunter2');
  });

  it.each(['Error: No such volume: gone', 'Error response from daemon: get gone: no such volume'])(
    'passes over one that has just vanished: %s',
    (stderr) => {
      expect(parse(`2\n${foo}\n`, 1, `${stderr}\n`)).toHaveLength(1);
    },
  );

  it.each([
    ['no docker', '', 127, '', 'no-docker'],
    ['no daemon', '', 125, 'Cannot connect to the Docker daemon', 'no-docker'],
    ['one is missing', `2\n${foo}\n`, 0, '', 'fact-unreadable'],
    ['inspect failed', `1\n`, 1, 'something else', 'fact-unreadable'],
    ['no JSON', '1\nhello\n', 0, '', 'fact-unreadable'],
    ['other JSON', '1\n{"Name":3}\n', 0, '', 'fact-unreadable'],
    ['nothing', '', 0, '', 'fact-unreadable'],
  ])('%s is not guessed', (_what, stdout, status, stderr, code) => {
    expect(() => parse(stdout, status, stderr)).toThrow(expect.objectContaining({ code }));
  });
});
