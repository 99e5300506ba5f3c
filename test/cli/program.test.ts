import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Interrupts } from '../../src/cli/interrupts.ts';
import { program } from '../../src/cli/program.ts';
import { reportError } from '../../src/cli/report-error.ts';
import type { World } from '../../src/cli/world.ts';
import { toAppError } from '../../src/errors.ts';
import { exitCodeOf, exitCodeOfError, worst } from '../../src/run/report/exit-status.ts';
import { laptop } from '../config/io.ts';
import { keptScreens } from '../support/kept-screens.ts';

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: number;
}

const files = {
  'inventory.yaml':
    'hosts:\n  web-1: { address: 127.0.0.1, port: 9, connect_timeout: 2 }\n  web-2: { address: 127.0.0.1, port: 9, connect_timeout: 2 }\n',
  'good.yaml': 'hosts: all\nsteps:\n  - command: [id]\n',
  'bad.yaml': 'hosts: all\nsteps:\n  - grow_rootfs: { container: a, size: "20" }\n',
};

const stateDirectory = mkdtempSync(join(tmpdir(), 'plimsoll-program-'));
afterAll(() => {
  rmSync(stateDirectory, { recursive: true });
});

/** The program as main.ts runs it, in a world without a terminal or an environment. */
async function plimsoll(argv: readonly string[], world: Partial<World> = {}): Promise<Ended> {
  const { text, screen } = keptScreens();
  let asked = 0;
  const whole: World = {
    io: laptop({ files }),
    out: screen('out'),
    err: screen('err'),
    interrupts: new Interrupts(),
    who: 'tester@here',
    agentSocket: undefined,
    stateDirectory,
    interactive: false,
    ask: () => {
      asked += 1;
      return Promise.resolve('no');
    },
    ...world,
  };
  try {
    return { code: await program(whole).run(argv), ...text, asked };
  } catch (thrown) {
    const error = toAppError(thrown);
    reportError(whole, error, false);
    return { code: exitCodeOfError(error.code), ...text, asked };
  }
}

describe('usage and configuration errors end with 2, before anything connects', () => {
  it.each([
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['aply', 'good.yaml'], 'Did you mean apply?'],
    [['plan'], "missing required argument 'playbook'"],
    [['plan', 'good.yaml', '--frobnicate'], "unknown option '--frobnicate'"],
    [['plan', 'good.yaml', '--output', 'xml'], "argument 'xml' is invalid"],
    [['plan', 'good.yaml', '--forks', '0'], 'a whole number from 1 to 1000'],
    [['plan', 'good.yaml', '--forks', '1e2'], 'a whole number from 1 to 1000'],
    [['plan', 'missing.yaml'], 'missing.yaml'],
    [['plan', 'good.yaml', '-i', 'missing.yaml'], 'missing.yaml'],
    [['plan', 'bad.yaml'], 'bad.yaml:3:'],
    [['plan', 'good.yaml', '--limit', 'nosuch'], 'nosuch'],
    [['plan', 'good.yaml', '-e', 'novalue'], 'novalue'],
    [['validate', 'bad.yaml'], 'has no unit: write 20GiB'],
    [['validate', 'missing.yaml', 'good.yaml'], 'missing.yaml'],
    [['schema', 'nosuch'], "'nosuch' is invalid"],
    [['ping', 'nosuch'], 'nosuch'],
    [['inventory', '-i', 'missing.yaml'], 'missing.yaml'],
  ])('%j', async (argv, message) => {
    const { code, out, err } = await plimsoll(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).not.toMatch(/ at .*\.ts:\d+/);
  });

  it('no command at all: the help', async () => {
    const { code, err } = await plimsoll([]);
    expect(code).toBe(2);
    expect(err).toContain('Usage: plimsoll');
  });

  it('apply without a terminal and without --yes asks nobody and connects to nothing', async () => {
    const { code, out, err, asked } = await plimsoll(['apply', 'good.yaml']);
    expect({ code, out, asked }).toEqual({ code: 2, out: '', asked: 0 });
    expect(err).toMatch(/no terminal to ask at\n.*--yes/);
  });
});

describe('programs of the playbook that a preview runs', () => {
  const look = {
    ...files,
    'look.yaml':
      'hosts: all\nsteps:\n  - command: { argv: [cat, "/etc/${{ host.name }}"], read_only: true }\n  - script: { text: "echo \\u200bone\\necho two", read_only: true }\n    register: found\n  - command: { argv: ["${{ found.lines[0] }}"], read_only: true }\n',
  };
  const io = laptop({ files: look });

  /** What the terminal shows before each question, and what is answered. */
  function answering(answers: readonly string[]): { readonly world: Partial<World>; readonly questions: string[] } {
    const questions: string[] = [];
    return {
      questions,
      world: {
        io,
        interactive: true,
        ask: (question) => {
          questions.push(question);
          return Promise.resolve(answers[questions.length - 1] ?? '');
        },
      },
    };
  }

  it('are shown whole, and asked about once for all hosts; after a no nothing is connected to', async () => {
    for (const argv of [
      ['plan', 'look.yaml'],
      ['apply', 'look.yaml'],
      ['apply', 'look.yaml', '--dry-run'],
    ]) {
      const { world, questions } = answering(['n']);
      const { code, out, err } = await plimsoll(argv, world);
      expect({ code, out, questions }).toEqual({
        code: 130,
        out: '',
        questions: ['Run these 4 programs on 2 hosts, to make the plan? [y/N] '],
      });
      for (const shown of [
        'web-1: [command] (look.yaml:3:5)',
        '$ cat /etc/web-1',
        '$ cat /etc/web-2',
        'web-[1-2]: [script]',
        'echo \\u200bone',
        '< echo two',
        '"argv": ["${{ found.lines[0] }}"]',
      ])
        expect(err).toContain(shown);
    }
  });

  it('are run after a yes', async () => {
    const { world, questions } = answering(['y']);
    expect(await plimsoll(['plan', 'look.yaml'], world)).toMatchObject({ code: 3 });
    expect(questions).toHaveLength(1);
  });

  it.each([[['plan', 'look.yaml', '--allow-read-only-programs']], [['apply', 'look.yaml', '--yes']]])(
    'are shown and not asked about with %j',
    async (argv) => {
      const { world, questions } = answering([]);
      const { code, err } = await plimsoll(argv, world);
      expect({ code, questions }).toEqual({ code: 3, questions: [] });
      expect(err).toContain('$ cat /etc/web-1');
    },
  );

  it('where nobody can be asked: a usage error that names them', async () => {
    const { code, out, err, asked } = await plimsoll(['plan', 'look.yaml', '--output', 'json'], { io });
    expect({ code, out, asked }).toEqual({ code: 2, out: '', asked: 0 });
    expect(err).toMatch(
      /4 programs of the playbook would be run on the hosts, and there is no terminal to ask at: "command" \(look\.yaml:3:5\)/,
    );
    expect(err).toContain('--allow-read-only-programs');
  });
});

describe('what ends with 0', () => {
  it.each([
    [['--help'], 'Exit status:'],
    [['plan', '--help'], '--detailed-exitcode'],
    [['--version'], '.'],
    [['validate', 'good.yaml'], 'is valid'],
    [['validate', 'good.yaml', '-i', 'inventory.yaml'], 'is valid'],
    [['schema', 'playbook'], '"grow_rootfs"'],
    [['schema', 'inventory'], '"hosts"'],
    [['inventory'], '@127.0.0.1:9'],
    [['inventory', 'web-1'], '  address           127.0.0.1'],
  ])('%j', async (argv, text) => {
    const { code, out, err } = await plimsoll(argv);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain(text);
  });

  it('schemas and inventories are JSON', async () => {
    expect(JSON.parse((await plimsoll(['schema', 'inventory'])).out)).toMatchObject({ $schema: expect.any(String) });
    expect(JSON.parse((await plimsoll(['inventory', 'web-1', '--json'])).out)).toMatchObject({
      'web-1': { address: '127.0.0.1', port: 9 },
    });
  });
});

describe('an inventory of Ansible’s of which not everything is understood', () => {
  const listing = { _meta: { hostvars: {} }, web: { hosts: ['w1'] } };
  const io = laptop({
    files: {
      'fleet.ini':
        '[web]\nw1 ansible_host=127.0.0.1 ansible_port=9\nw2 ansible_port=http\n[db]\nd1 ansible_ssh_pass=secret\n',
      'fleet.py': '#!/bin/sh\n',
      'vault/hosts': 'h\n',
      'vault/group_vars/all.yml': '$ANSIBLE_VAULT;1.1;AES256\n',
    },
    commands: {
      'ansible-inventory -i fleet.py --list': { status: 0, stdout: JSON.stringify(listing), stderr: '' },
    },
  });

  it('is listed with what hinders', async () => {
    const { code, out } = await plimsoll(['inventory', '-i', 'fleet.ini'], { io });
    expect(code).toBe(0);
    expect(out).toContain('w2  ada@w2:22  web\n    cannot be worked on: fleet.ini:3: ansible_port is "http"');
    const json = await plimsoll(['inventory', '-i', 'fleet.ini', '--json'], { io });
    expect(json).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(json.out)).toMatchObject({
      w1: { port: 9 },
      w2: { troubles: [expect.stringContaining('fleet.ini:3: ansible_port is "http"')] },
    });
  });

  it('stops whoever goes there, and nobody who does not', async () => {
    expect(await plimsoll(['ping', '-i', 'fleet.ini'], { io })).toMatchObject({
      code: 2,
      err: expect.stringContaining('fleet.ini:3:4: w2: ansible_port is "http": a port is a number from 1 to 65535'),
    });
    expect(await plimsoll(['ping', '-i', 'fleet.ini', 'w1'], { io })).toMatchObject({ code: 3 });
  });

  it('is not listed where a whole file is not read', async () => {
    expect(await plimsoll(['inventory', '-i', 'vault'], { io })).toMatchObject({
      code: 2,
      err: expect.stringContaining('vault/group_vars/all.yml:1: h: the file is encrypted (ansible-vault)'),
    });
  });

  it('is asked of Ansible with --run-inventory only, which is said', async () => {
    expect(await plimsoll(['inventory', '-i', 'fleet.py'], { io })).toMatchObject({
      code: 2,
      err: expect.stringContaining('it is a program (an inventory script)'),
    });
    expect(await plimsoll(['inventory', '-i', 'fleet.py', '--run-inventory'], { io })).toMatchObject({
      code: 0,
      out: 'w1  ada@w1:22  web\n',
      err: 'runs on this machine for the inventory: ansible-inventory -i fleet.py --list (fleet.py)\n',
    });
  });
});

describe('hosts that cannot be reached end with 3', () => {
  it.each([
    [['ping']],
    [['plan', 'good.yaml']],
    [['plan', 'good.yaml', '--detailed-exitcode']],
    [['apply', 'good.yaml', '--dry-run']],
    [['apply', 'good.yaml', '--yes']],
    [['apply', 'good.yaml', '--yes', '--output', 'json']],
  ])('%j', async (argv) => {
    const { code, out, asked } = await plimsoll(argv);
    expect({ code, asked }).toEqual({ code: 3, asked: 0 });
    expect(out).toMatch(/web-2|web-\[1-2\]/);
  });

  it('and are not asked about: there is nothing to approve', async () => {
    expect(await plimsoll(['apply', 'good.yaml'], { interactive: true })).toMatchObject({ code: 3, asked: 0 });
  });
});

it('--output json prints the events, one a line, numbered without a gap, and nothing else', async () => {
  for (const argv of [
    ['plan', 'good.yaml', '--output', 'json'],
    ['apply', 'good.yaml', '--yes', '--output', 'json'],
  ]) {
    const { out } = await plimsoll(argv);
    const events = out
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(events).toEqual(
      events.map((_, index): unknown =>
        expect.objectContaining({
          v: 1,
          seq: index + 1,
          at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          type: expect.any(String),
        }),
      ),
    );
    expect(events[0]).toMatchObject({ type: 'run.started', hosts: ['web-1', 'web-2'] });
    expect(events.slice(1, -1)).toMatchObject(
      [1, 2].map(() => ({
        type: 'host.finished',
        status: 'unreachable',
        error: { code: expect.any(String), message: expect.any(String), hint: expect.any(String) },
      })),
    );
    expect(events.at(-1)).toMatchObject({
      type: 'run.finished',
      status: 'unreachable',
      hosts: { 'web-1': 'unreachable', 'web-2': 'unreachable' },
      exitCode: 3,
    });
  }
});

describe('exit statuses', () => {
  it.each([
    [['ok', 'changed'], 0],
    [['ok', 'not-started'], 1],
    [['unreachable', 'changed'], 3],
    [['unreachable', 'refused'], 4],
    [['refused', 'locked'], 6],
    [['locked', 'drifted'], 5],
    [['drifted', 'failed', 'unreachable'], 1],
    [['interrupted'], 130],
    [[], 0],
  ] as const)('%j: %i', (statuses, code) => {
    expect(exitCodeOf(worst(statuses))).toBe(code);
  });

  it.each([
    ['usage', 2],
    ['config', 2],
    ['internal', 7],
    ['interrupted', 130],
    ['drift', 5],
    ['locked', 6],
  ] as const)('an error "%s" ends the program with %i', (code, status) => {
    expect(exitCodeOfError(code)).toBe(status);
  });
});
