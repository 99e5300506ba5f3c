import { describe, expect, it } from 'vitest';
import type { Container } from '../../../src/facts/containers/containers.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import { matchesGlob, selectContainers } from '../../../src/facts/containers/container-selection.ts';
import { runScript } from '../real-shell.ts';
import { isRefused } from '../../../src/values/refusal.ts';

const idOf = (start: string): string => start.padEnd(64, '0');

function line(id: string, name: string, more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: idOf(id),
    name: `/${name}`,
    image: 'sha256:96b7',
    labels: null,
    state: {
      status: 'running',
      running: true,
      paused: false,
      restarting: false,
      pid: 509,
      startedAt: '2026-11-20T16:04:45Z',
      error: '',
    },
    driver: 'devicemapper',
    graph: { DeviceId: '4', DeviceName: 'docker-254:0-10877-4c20', DeviceSize: '419430400' },
    storageOpt: null,
    autoRemove: false,
    restart: { Name: 'no', MaximumRetryCount: 0 },
    ...more,
  });
}

function list(...lines: readonly string[]): readonly Container[] {
  return containers.parse({ status: 0, stdout: `${String(lines.length)}\n${lines.join('\n')}\n`, stderr: '' }, []);
}

describe('containers', () => {
  it('reads one, the slash before its name gone', () => {
    expect(list(line('fd5e', 'c1'))).toEqual([
      {
        id: idOf('fd5e'),
        name: 'c1',
        image: 'sha256:96b7',
        labels: {},
        state: {
          status: 'running',
          running: true,
          paused: false,
          restarting: false,
          pid: 509,
          startedAt: '2026-11-20T16:04:45Z',
          error: '',
        },
        driver: 'devicemapper',
        graph: { DeviceId: '4', DeviceName: 'docker-254:0-10877-4c20', DeviceSize: '419430400' },
        storageOpt: null,
        autoRemove: false,
        restart: { name: 'no', maximumRetryCount: 0 },
      },
    ]);
  });

  it('reads none, and no graph driver data', () => {
    expect(containers.parse({ status: 0, stdout: '0\n', stderr: '' }, [])).toEqual([]);
    expect(list(line('aaaa', 'b', { graph: null, driver: 'overlayfs' }))[0]?.graph).toBeNull();
  });

  it('asks for nothing that may hold a secret', () => {
    expect(containers.script).not.toMatch(/Env|\{\{json \.\}\}|\.Config\}\}|\.HostConfig\}\}/);
  });

  it.each(['Error: No such object: fd5e', 'Error: No such container: fd5e', 'error: no such object: fd5e'])(
    'tolerates one that vanished: %s',
    (stderr) => {
      expect(
        containers.parse({ status: 1, stdout: `2\n${line('aaaa', 'b')}\n`, stderr }, []).map(({ name }) => name),
      ).toEqual(['b']);
    },
  );

  it.each([
    ['no docker', { status: 127, stdout: '', stderr: '' }, 'no-docker', /not installed/],
    [
      'no daemon',
      {
        status: 125,
        stdout: '',
        stderr: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      },
      'no-docker',
      /Cannot connect/,
    ],
    [
      'no permission',
      { status: 125, stdout: '', stderr: 'permission denied while trying to connect to the Docker daemon socket' },
      'no-docker',
      /permission denied/,
    ],
    [
      'another failure of inspect',
      { status: 1, stdout: '1\n', stderr: 'template parsing error' },
      'fact-unreadable',
      /template parsing/,
    ],
    [
      'fewer than were listed',
      { status: 0, stdout: `2\n${line('aaaa', 'b')}\n`, stderr: '' },
      'fact-unreadable',
      /listed 2 containers and described 1/,
    ],
    ['noise', { status: 0, stdout: 'Welcome!\n0\n', stderr: '' }, 'fact-unreadable', /Welcome/],
    [
      'half a line',
      { status: 0, stdout: `1\n${line('aaaa', 'b').slice(0, 40)}\n`, stderr: '' },
      'fact-unreadable',
      /docker inspect printed/,
    ],
    ['another shape', { status: 0, stdout: '1\n{"id":"x"}\n', stderr: '' }, 'fact-unreadable', /docker inspect/],
  ])('%s', (_name, printed, code, message) => {
    expect(() => containers.parse(printed, [])).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it('says no-docker where the PATH has none', () => {
    expect(runScript(containers.script, [], { PATH: '/nonexistent' }).status).toBe(127);
  });
});

describe('selectContainers', () => {
  const stopped = {
    status: 'exited',
    running: false,
    paused: false,
    restarting: false,
    pid: 0,
    startedAt: '',
    error: '',
  };
  const all = list(
    line('abcdef01', 'app-1', { labels: { tier: 'front', 'com.example.x': '' } }),
    line('abcd9999', 'app-2', { labels: { tier: 'back' } }),
    line('1234beef', 'db', { state: stopped }),
    line('5678aaaa', 'abcdef'),
    line('9999aaaa', 'beef'),
  );
  const names = (selector: Parameters<typeof selectContainers>[1]): readonly string[] | string => {
    const selection = selectContainers(all, selector);
    return isRefused(selection)
      ? `${selection.reason} / ${selection.remedy}`
      : selection.selected.map(({ name }) => name);
  };

  it.each([
    [{ container: 'app-1' }, ['app-1']],
    [{ container: '/app-1' }, ['app-1']],
    [{ container: idOf('1234beef') }, ['db']],
    [{ container: '1234' }, ['db']],
    [{ container: 'beef' }, ['beef']],
    [{ container: 'app-*' }, ['app-1', 'app-2']],
    [{ container: 'ap?-2' }, ['app-2']],
    [{ container: '*' }, ['abcdef', 'app-1', 'app-2', 'beef', 'db']],
    [{ container: '*', onlyRunning: true }, ['abcdef', 'app-1', 'app-2', 'beef']],
    [{ label: 'tier' }, ['app-1', 'app-2']],
    [{ label: 'tier=back' }, ['app-2']],
    [{ label: 'com.example.x=' }, ['app-1']],
    [{ container: 'app-*', label: 'tier=front' }, ['app-1']],
  ])('%j', (selector, expected) => {
    expect(names(selector)).toEqual(expected);
  });

  it.each([
    [{ container: 'abcd' }, /ambiguous: it means app-1 .*app-2/],
    [{ container: 'abcdef' }, /ambiguous: it means abcdef .*app-1/],
    [{ container: '123' }, /no container "123"/],
    [{ container: 'app-3' }, /did you mean app-1, app-2/],
    [{ container: 'web*' }, /no container's name matches "web\*"/],
    [{ container: '(a+)+$' }, /no container/],
    [{ label: 'constructor' }, /no container has the label/],
    [{ label: 'tire' }, /labels in use are near: tier/],
    [{ container: 'db', onlyRunning: true }, /db is exited .*docker start db/],
    [{}, /no container was named/],
  ])('refuses %j', (selector, expected) => {
    expect(names(selector)).toMatch(expected);
  });

  it('says so when the host has no containers at all', () => {
    expect(selectContainers([], { container: 'x' })).toMatchObject({
      reason: expect.stringContaining('there are no containers on this host'),
    });
  });
});

describe('matchesGlob', () => {
  it.each([
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*c', 'acb', false],
    ['*', '', true],
    ['?', '', false],
    ['a.c', 'abc', false],
    ['*-*-1', 'a-b-c-1', true],
  ])('%s %s', (pattern, text, expected) => {
    expect(matchesGlob(pattern, text)).toBe(expected);
  });

  it('answers for a pattern that would make a backtracking matcher explode', () => {
    expect(matchesGlob(`${'*a'.repeat(60)}b`, 'a'.repeat(2000))).toBe(false);
  });
});
