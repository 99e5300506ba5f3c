import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Help } from '@commander-js/extra-typings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.ts';
import { Interrupts } from '../../src/cli/interrupts.ts';
import { processWorld } from '../../src/cli/world.ts';
import { main } from '../support/plimsoll.ts';

const root = join(import.meta.dirname, '../..');

/** What is loaded before anything is called: the file, and whatever it imports from its own package, and so on. */
function loadedBy(file: string, before: readonly string[] = []): readonly string[] {
  const imported = [...readFileSync(file, 'utf8').matchAll(/(?:from|import)"(\.[^"]+\.js)"/g)].map(([, path = '']) =>
    join(dirname(file), path),
  );
  return imported.reduce<readonly string[]>(
    (all, path) => (all.includes(path) ? all : loadedBy(path, all)),
    [...before, file],
  );
}

describe('the program', () => {
  it('loads next to nothing before it knows which command is called', () => {
    const loaded = loadedBy(main);
    const bytes = loaded.reduce((sum, file) => sum + statSync(file).size, 0);
    expect(bytes).toBeLessThan(200_000);
    expect(loaded.filter((file) => /zod|yaml|listr2|ssh2/.test(readFileSync(file, 'utf8').slice(0, 2000)))).toEqual([]);
  });

  it.each([...commands])('says in its help of %s what that says of itself', async (name, { usage, load }) => {
    const made = (await load())(processWorld(new Interrupts()), () => undefined);
    expect(new Help().subcommandTerm(made)).toBe([name, usage].join(' ').trim());
  });
});

describe('the package', () => {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-package-'));
  const empty = join(directory, 'empty');
  const file = join(directory, 'package/dist/main.js');
  const run = (...args: readonly string[]): string =>
    execFileSync(process.execPath, [file, ...args], {
      cwd: empty,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], HOME: empty },
    });
  afterAll(() => {
    rmSync(directory, { recursive: true });
  });
  let packed = '';

  beforeAll(() => {
    mkdirSync(empty);
    // It was built before the tests; a build beside others would take the program away from under them.
    const [name = ''] = (
      JSON.parse(
        execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', directory], {
          cwd: root,
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        }),
      ) as readonly { readonly filename: string }[]
    ).map(({ filename }) => filename);
    packed = join(directory, name);
    execFileSync('tar', ['-xzf', packed, '-C', directory]);
  });

  it('is small, holds licences and no source', () => {
    expect(statSync(packed).size).toBeLessThan(3_000_000);
    const held = readdirSync(join(directory, 'package'), { recursive: true, encoding: 'utf8' });
    expect(held.filter((path) => /\.(?:ts|map)$|^(?:src|lab|test|bench|scripts)(?:\/|$)/.test(path))).toEqual([]);
    expect(held).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'dist/LICENSES.txt',
        'README.md',
        'CHANGELOG.md',
        'SECURITY.md',
        'inventory.example.yaml',
        'schemas/playbook.schema.json',
      ]),
    );
    const licences = readFileSync(join(directory, 'package/dist/LICENSES.txt'), 'utf8');
    for (const name of ['commander', 'listr2', 'yaml', 'zod'])
      expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(\\w+\\)$`, 'm'));
  });

  it('runs where nothing else is, but what it says that it needs', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
    expect(run('--version')).toBe(`${version}\n`);
    writeFileSync(
      join(empty, 'playbook.yaml'),
      'hosts: all\nsteps:\n  - grow_rootfs: { container: app, size: 20GiB }\n',
    );
    expect(run('validate', 'playbook.yaml')).toBe('The playbook is valid.\n');
    symlinkSync(join(root, 'node_modules'), join(directory, 'package/node_modules'));
    writeFileSync(
      join(empty, 'inventory.yaml'),
      'hosts:\n  none: { address: 127.0.0.1, port: 9, connect_timeout: 2 }\n',
    );
    expect(() => run('ping')).toThrow(expect.objectContaining({ status: 3 }));
  });
});
