import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { stoppedText } from '../../../src/facts/copies/stopped-for-copy.ts';
import { startAgain, startFunctions } from '../../../src/operations/copies/start-again.ts';

const [volume = '', app = '', web = ''] = ['a1', 'b2', 'c3'].map((pair) => pair.repeat(32));
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll-stopped-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** A docker that writes down whom it was asked about. */
function docker(): string {
  writeFileSync(
    join(directory, 'docker'),
    '#!/bin/sh\nfor last in "$@"; do :; done\nprintf "%s %s\\n" "$1" "$last" >>"$0.log"\necho false\n',
  );
  chmodSync(join(directory, 'docker'), 0o755);
  return `${directory}:/usr/bin:/bin`;
}

function fileOf(from: string, to: string): string {
  const file = join(directory, 'file');
  writeFileSync(file, stoppedText({ from, to, containers: [app, web] }));
  return file;
}

it('starts the containers that were stopped, and nothing that a path looks like: a volume without a name has one like an id', () => {
  const file = fileOf(`/var/lib/docker/volumes/${volume}/_data`, `/srv/${'d4'.repeat(32)}`);
  const {
    argv: [shell = '', ...args],
    stdin = '',
  } = startAgain(file);
  const { status, stderr } = spawnSync(shell, args, { input: stdin, env: { PATH: docker() }, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const asked = readFileSync(join(directory, 'docker.log'), 'utf8').trim().split('\n');
  expect(asked.filter((line) => line.startsWith('start '))).toEqual([`start ${app}`, `start ${web}`]);
  expect(asked.filter((line) => !line.endsWith(app) && !line.endsWith(web))).toEqual([]);
});

it.each([
  ['/a/"containers":["'.concat(volume, '"]'), '/b'],
  ['/a', '/b]"containers":['],
  ['/a', `/["${volume}"]`],
])('reads the list itself, whatever is in a path: %s, %s', (from, to) => {
  const { stdout } = spawnSync('/bin/sh', ['-c', `${startFunctions}named "$1"`, 'sh', fileOf(from, to)], {
    encoding: 'utf8',
  });
  expect(stdout).toBe(`${app}\n${web}\n`);
});
