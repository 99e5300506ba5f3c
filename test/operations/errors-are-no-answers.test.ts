import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compositions } from '../../src/facts/containers/compositions.ts';
import { replacements } from '../../src/facts/containers/replacements.ts';
import { compile } from '../../src/run/work/compile.ts';
import { switchBack } from '../../src/operations/daemon/driver-switch.ts';
import { createChange } from '../../src/operations/copies/send/send-changes.ts';
import { putIntoQuarantine, removeForGood } from '../../src/operations/removal/quarantine-scripts.ts';
import type { ExecAction } from '../../src/operations/engine/change.ts';
import { crossed } from '../support/crossed.ts';

/** What a host's programs say, when they say something else than usual: an error is told, and never taken for an answer. */
let directory = '';
const path = (...names: readonly string[]): string => join(directory, ...names);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-errors-'));
  mkdirSync(path('bin'));
  mkdirSync(path('state/quarantine'), { recursive: true });
  mkdirSync(path('volumes/foo/_data'), { recursive: true });
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

/** A program of the host; it writes down what it was called with. */
function standIn(name: string, body: string): void {
  writeFileSync(path('bin', name), `#!/bin/sh\necho "${name} $*" >>'${path('calls')}'\n${body}\n`);
  chmodSync(path('bin', name), 0o755);
}
const calls = (): string => (existsSync(path('calls')) ? readFileSync(path('calls'), 'utf8') : '');

function run(
  argv: readonly string[],
  input?: string,
): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const [program = '', ...args] = argv;
  const env = {
    ...process.env,
    PATH: `${path('bin')}:${process.env['PATH'] ?? ''}`,
    PLIMSOLL_STATE: path('state'),
    LC_ALL: 'C',
  };
  return spawnSync(program, args, { encoding: 'utf8', env, ...(input === undefined ? {} : { input }) });
}
const carryOut = ({ argv, stdin }: ExecAction): ReturnType<typeof run> => run(argv, stdin);

describe('the way back to another storage driver', () => {
  const nothingNew = (): ReturnType<typeof run> => {
    const [check] = switchBack(
      {
        path: '/etc/docker/daemon.json',
        backup: undefined,
        from: 'devicemapper',
        to: 'overlay2',
        known: 0,
        running: [],
      },
      { kind: 'exec', argv: ['true'] },
    );
    if (check?.kind !== 'check') throw new Error('no check');
    const { script } = compile([check]);
    return run(['/bin/sh', '-c', script]);
  };
  const may = { status: 0 };
  const mayNot = (why: string): unknown =>
    expect.objectContaining({ status: 70, stderr: expect.stringContaining(why) as unknown });

  it.each([
    ['the daemon has the old driver', 'echo devicemapper', 'exit 9', may],
    ['the new driver has no containers', '[ "$1" = ps ] || echo overlay2', 'exit 9', may],
    ['the daemon has ended', 'echo down >&2; exit 1', 'echo inactive; exit 3', may],
    ['the daemon has failed', 'echo down >&2; exit 1', 'echo failed; exit 3', may],
    [
      'the daemon has ended, and docker info ends well all the same',
      'echo down >&2; echo',
      'echo inactive; exit 3',
      may,
    ],
    [
      'docker info tells nothing, and the daemon is there',
      'echo timeout >&2',
      'echo active',
      mayNot('tells no driver, although the daemon has not ended: timeout'),
    ],
    [
      'it has containers',
      '[ "$1" = ps ] && echo 1 || echo overlay2',
      'exit 9',
      mayNot('would become invisible with devicemapper: remove them first: 1'),
    ],
    [
      'docker info fails and the daemon is there',
      'echo timeout >&2; exit 1',
      'echo active',
      mayNot('it is not known: docker info tells no driver, although the daemon has not ended: timeout'),
    ],
    [
      'docker info fails and nobody knows of the daemon',
      'echo timeout >&2; exit 1',
      'exit 1',
      mayNot('docker info tells no driver'),
    ],
    [
      'docker ps fails',
      '[ "$1" = info ] && { echo overlay2; exit 0; }; echo timeout >&2; exit 1',
      'exit 9',
      mayNot('it is not known: docker ps fails: timeout'),
    ],
  ])('when %s', (_what, docker, systemctl, expected) => {
    standIn('docker', docker);
    standIn('systemctl', systemctl);
    expect(nothingNew()).toMatchObject(expected as object);
  });
});

describe('a volume that is to be quarantined or removed', () => {
  const meant = () => ({
    name: 'foo',
    path: path('volumes/foo'),
    is: spawnSync('find', [path('volumes/foo'), '-maxdepth', '0', '-printf', '%i %C@'], { encoding: 'utf8' }).stdout,
  });
  const described = `case $1$2 in volumels) [ ! -e "$V/foo" ] || echo foo ;; volumeinspect) echo local "$V/foo/_data" ;; volumerm) rm -r "$V/foo" ;; esac`;
  const docker = (special = ''): void => {
    standIn('docker', `V='${path('volumes')}'\n${special}\n${described}`);
  };

  it('is, when all answer', () => {
    docker();
    expect(carryOut(putIntoQuarantine(meant(), 60))).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(path('state/quarantine/foo'), 'utf8')).toContain('"name":"foo"');
    expect(carryOut(removeForGood(meant(), 60, 'now'))).toMatchObject({ status: 0, stderr: '' });
    expect(existsSync(path('volumes/foo'))).toBe(false);
  });

  it.each([
    [
      'Docker does not describe it',
      'case $1$2 in volumeinspect) echo "context deadline exceeded" >&2; exit 1 ;; esac',
      'find',
      /context deadline exceeded\nDocker does not describe foo/,
    ],
    [
      'Docker does not list volumes either',
      'case $1 in volume) echo "context deadline exceeded" >&2; exit 1 ;; esac',
      'find',
      /context deadline exceeded\nDocker does not list its volumes/,
    ],
    [
      'containers cannot be listed',
      'case $1 in ps) echo "context deadline exceeded" >&2; exit 1 ;; esac',
      'find',
      /context deadline exceeded\nit cannot be told which containers use foo/,
    ],
    [
      'containers cannot be described',
      'case $1 in ps) echo 1; exit 0 ;; inspect) echo "context deadline exceeded" >&2; exit 1 ;; esac',
      'find',
      /context deadline exceeded\n(?:context deadline exceeded\n)*it cannot be told which containers use foo/,
    ],
    ['its directory cannot be looked at', '', 'no', /find: Input\/output error\n.*volumes\/foo cannot be looked at/],
  ])('is not when %s, and why is told', (_what, special, find, why) => {
    docker(special);
    const its = meant();
    if (find === 'no') standIn('find', 'echo "find: Input/output error" >&2; exit 1');
    const { status, stderr } = carryOut(removeForGood(its, 60, 'now'));
    expect(stderr).toMatch(why);
    expect(status).toBe(1);
    expect([statSync(path('volumes/foo/_data')).isDirectory(), calls().includes('volume rm')]).toEqual([true, false]);
  });

  it('is gone already only where Docker does not list it', () => {
    docker('case $1$2 in volumeinspect) echo "no such volume" >&2; exit 1 ;; volumels) exit 0 ;; esac');
    expect(carryOut(removeForGood(meant(), 60, 'now'))).toMatchObject({ status: 0, stdout: 'foo is gone already\n' });
  });
});

describe('a new volume at the destination of a copy', () => {
  const create = (): ReturnType<typeof run> => {
    const [action] = createChange({ host: 'b', id: crossed('a1'), label: crossed('web-1:/data') }, 'foo').actions;
    if (action?.kind !== 'relay') throw new Error('no relay');
    const { script = '', args = [] } = action.ticket ?? {};
    const { stdout } = run(['/bin/sh', '-c', script, 'sh', ...args]);
    return run(['/bin/sh', '-c', action.script, 'sh', stdout, ...action.args]);
  };
  /** Docker's own way: a volume that is there is made without a word, and keeps its labels. */
  const docker = (special = ''): void => {
    standIn(
      'docker',
      `L='${path('label')}'\n${special}\ncase $2 in ls) [ ! -e "$L" ] || echo foo ;; create) [ -e "$L" ] || printf '%s' "\${6#*=}" >"$L"; echo foo ;; inspect) [ -e "$L" ] && cat "$L" || { echo "no such volume" >&2; exit 1; } ;; esac`,
    );
  };

  it('is made once, with its label', () => {
    docker();
    expect([create().status, create().status]).toEqual([0, 0]);
    expect(readFileSync(path('label'), 'utf8')).toBe('web-1:/data');
    expect(calls().split('volume create').length - 1).toBe(1);
  });

  it('is not one that is there for something else', () => {
    docker();
    writeFileSync(path('label'), '');
    expect(create()).toMatchObject({ status: 1, stderr: 'the volume foo is there, and was not made for this copy\n' });
  });

  it.each(['ls', 'inspect'])('is not taken for made where Docker gives no answer to %s', (verb) => {
    docker(`[ "$2" != ${verb} ] || { echo "context deadline exceeded" >&2; exit 1; }`);
    if (verb === 'ls') writeFileSync(path('label'), '');
    expect(create()).toMatchObject({ status: 1, stderr: 'context deadline exceeded\n' });
  });
});

describe.each([
  ['replacements', replacements],
  ['compositions', compositions],
] as const)('the fact %s', (_name, fact) => {
  const read = (state: string): unknown => {
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', fact.script], {
      encoding: 'utf8',
      env: { ...process.env, PLIMSOLL_STATE: state },
    });
    return fact.parse({ status: status ?? -1, stdout, stderr }, []);
  };

  it('is empty where there is no state directory, or nothing in it', () => {
    expect([read(path('none')), read(path('state'))]).toEqual([[], []]);
  });

  it('is not empty where the state directory cannot be entered', () => {
    writeFileSync(path('file'), '');
    symlinkSync(path('nowhere'), path('dangling'));
    for (const state of ['file', 'dangling'])
      expect(() => read(path(state))).toThrow(
        expect.objectContaining({
          code: 'refused',
          message: expect.stringMatching(/(file|dangling) is no directory that can be entered$/) as unknown,
        }),
      );
  });
});
