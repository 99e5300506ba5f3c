import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readExtraVars } from '../../src/config/extra-vars.ts';
import { loadAll, type LoadRequest } from '../../src/config/load.ts';
import { playScope } from '../../src/config/expressions/scope.ts';
import { issuesOf, laptop, printIssue } from './io.ts';
import { registry } from './registry.ts';

const inventory = `
hosts:
  web-[1:5]: {}
  db-1: { vars: { target: 20, tier: data } }
groups:
  web: { hosts: ["web-*"], vars: { target: 20GiB } }
`;

function load(playbook: string, more: Partial<LoadRequest> = {}): ReturnType<typeof loadAll> {
  const io = laptop({
    files: { i: inventory, p: playbook, 'v.yaml': 'target: 5GiB\nnested: { a: 1 }\n', failed: 'web-2\n' },
  });
  return loadAll({ inventoryFiles: ['i'], playbookFile: 'p', registry, ...more }, io);
}

const grow = 'hosts: all\nsteps:\n  - grow_rootfs: { container: a, size: "${{ vars.target }}" }\n';

describe('loadAll', () => {
  it('catches, before connecting, a variable that is wrong on one host', async () => {
    expect((await issuesOf(load(grow))).map(printIssue)).toEqual([
      'p:3:40: size: "20" has no unit: write 20GiB or 20MiB (on db-1)\n3 |   - grow_rootfs: { container: a, size: "${{ vars.target }}" }\n  |                                        ^^^^^^^^^^^^^^^^^^^^\n',
    ]);
  });

  it('does not look at hosts that the limit leaves out, nor at what the command line overrules', async () => {
    expect((await load(grow, { limit: 'web,!web-5' })).hosts.map(({ name }) => name)).toEqual([
      'web-1',
      'web-2',
      'web-3',
      'web-4',
    ]);
    expect((await load(grow, { limit: '@failed' })).hosts.map(({ name }) => name)).toEqual(['web-2']);
    expect((await load(grow, { vars: ['target=30GiB'] })).hosts).toHaveLength(6);
  });

  it.each([
    [
      'a variable that some hosts lack',
      'hosts: all\nsteps: [{ command: [a, "${{ vars.tir }}"] }]',
      [
        'p:2:34: expression: there is no vars.tir (on web-1, web-2 and 3 more hosts)',
        'p:2:34: expression: there is no vars.tir; did you mean "tier"? (on db-1)',
      ],
    ],
    [
      'in an expression that waits for a register',
      'hosts: db-1\nsteps: [{ command: [a], register: r }, { command: [b, "${{ r.x + vars.tir }}"] }]',
      ['p:2:71: expression: there is no vars.tir; did you mean "tier"? (on db-1)'],
    ],
    [
      'in a loop that waits for a register',
      'hosts: db-1\nsteps: [{ command: [a], register: r }, { command: [b, "${{ vars.tir }}"], loop: "${{ r.lines }}" }]',
      ['p:2:65: expression: there is no vars.tir; did you mean "tier"? (on db-1)'],
    ],
    [
      'a condition that is no condition',
      'hosts: db-1\nsteps: [{ command: [a], when: vars.tier }]',
      ['p:2:31: when: the expression gives "data", not true or false (on db-1)'],
    ],
    [
      'an item that is wrong',
      'hosts: db-1\nsteps: [{ grow_rootfs: { container: a, size: "${{ item }}" }, loop: [1GiB, 2] }]',
      ['p:2:46: size: "2" has no unit: write 2GiB or 2MiB (on db-1)'],
    ],
    [
      "a play's own variable",
      'hosts: db-1\nvars: { a: "${{ vars.b }}", b: 1 }\nsteps: [{ command: [a] }]',
      ['p:2:22: expression: there is no vars.b (on db-1)'],
    ],
    [
      'an unknown name in the pattern',
      'hosts: web:&prod\nsteps: [{ command: [a] }]',
      ['p:1:13: hosts: there is no host or group "prod"'],
    ],
    [
      'an unknown name in a list of patterns',
      'hosts: [web, "!wbe"]\nsteps: [{ command: [a] }]',
      ['p:1:16: hosts: there is no host or group "wbe"; did you mean "web"?'],
    ],
    [
      'a pattern that leaves nothing',
      'hosts: web:!web\nsteps: [{ command: [a] }]',
      ['p:1:8: hosts: no host is left by this pattern'],
    ],
  ])('finds %s', async (_what, playbook, expected) => {
    expect((await issuesOf(load(playbook))).map(printIssue).map((text) => text.split('\n')[0])).toEqual(expected);
  });

  it.each([
    [
      'a host on which the condition is false',
      'hosts: all\nsteps: [{ command: [a, "${{ vars.tier }}"], when: has(vars.tier) }]',
    ],
    [
      'a branch that is not taken',
      'hosts: all\nsteps: [{ command: [a, "${{ has(vars.tier) ? vars.tier : \'none\' }}"] }]',
    ],
    [
      'what waits for facts',
      'hosts: all\nsteps: [{ grow_rootfs: { container: a, size: "${{ facts.docker.driver }}" } }]',
    ],
    [
      'variables of the play that build on others',
      'hosts: all\nvars: { a: 1, b: "${{ vars.a }}" }\nsteps: [{ command: [a, "${{ vars.b }}"] }]',
    ],
  ])('has nothing against %s', async (_what, playbook) => {
    expect(await issuesOf(load(playbook))).toEqual([]);
  });

  it('reports inventory and playbook together', async () => {
    const io = laptop({
      files: { i: 'hosts: { a: { prot: 1 } }', j: 'host: {}', p: 'hosts: a\nsteps: [{ comand: [a] }]' },
    });
    const issues = await issuesOf(loadAll({ inventoryFiles: ['i', 'j'], playbookFile: 'p', registry }, io));
    expect(
      issues.map(({ file, line, column, message }) => `${file}:${String(line)}:${String(column)}: ${message}`),
    ).toEqual([
      'i:1:15: unknown key "prot"; did you mean "port"?',
      'j:1:1: "hosts" is missing',
      'j:1:1: unknown key "host"; did you mean "hosts"?',
      'p:2:11: there is no operation and no control "comand"; did you mean "command"?',
    ]);
  });

  it('chooses steps by tags, and says when one that is left needs one that is not', async () => {
    const playbook =
      'hosts: web\nsteps:\n  - { command: [a], tags: look, register: r }\n  - { command: [b, "${{ r.x }}"], tags: act }\n  - { command: [c] }\n';
    const numbers = async (more: Partial<LoadRequest>): Promise<unknown> =>
      (await load(playbook, more)).plays[0]?.play.steps.map(({ number }) => number);
    expect(await numbers({ tags: ['look'] })).toEqual([1]);
    expect(await numbers({ skipTags: ['act'] })).toEqual([1, 3]);
    expect(await numbers({ tags: ['look', 'act'] })).toEqual([1, 2]);
    expect((await issuesOf(load(playbook, { tags: ['act'] }))).map(({ message }) => message)).toEqual([
      'the step "command" reads "r", which the step "command" registers, and the tags leave that one out',
    ]);
    await expect(load(playbook, { tags: ['lock'] })).rejects.toThrow(
      'no step has the tag "lock"; did you mean "look"?',
    );
    await expect(load('hosts: web\nsteps: [{ command: [a], tags: x }]', { skipTags: ['x'] })).rejects.toThrow(
      'the tags leave no step',
    );
  });

  it('runs what the limit leaves of several plays, and refuses when that is nothing', async () => {
    const plays = '- { hosts: web, steps: [{ command: [a] }] }\n- { hosts: db-1, steps: [{ command: [a] }] }\n';
    expect((await load(plays, { limit: 'db-1' })).plays.map(({ hosts }) => hosts.length)).toEqual([0, 1]);
    await expect(load('hosts: web\nsteps: [{ command: [a] }]', { limit: 'db-1' })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('loadAll for a saved plan or an earlier run', () => {
  const text = 'hosts: all\nsteps:\n  - command: [a, "${{ vars.target }}"]\n';
  const saved = (more: Partial<LoadRequest> = {}): ReturnType<typeof loadAll> =>
    loadAll(
      { inventoryFiles: ['i'], playbookFile: 'gone.yaml', playbookText: text, registry, ...more },
      laptop({ files: { i: inventory } }),
    );

  it('takes the text of the playbook from the request, and calls it by the name of its file', async () => {
    const { playbook, plays } = await saved();
    expect(playbook).toMatchObject({
      file: 'gone.yaml',
      text,
      digest: createHash('sha256').update(text).digest('hex'),
    });
    expect(plays[0]?.play.steps[0]?.place).toEqual({ file: 'gone.yaml', line: 3, column: 5 });
    expect((await issuesOf(saved({ playbookText: 'hosts: all\n' }))).map(printIssue)).toEqual([
      'gone.yaml:1:1: "steps" is missing\n1 | hosts: all\n  | ^\n',
    ]);
  });

  it('gives the same text and digest for a file', async () => {
    const { playbook } = await loadAll(
      { inventoryFiles: ['i'], playbookFile: 'p', registry },
      laptop({ files: { i: inventory, p: `\ufeff${text}` } }),
    );
    expect(playbook).toMatchObject({ text, digest: (await saved()).playbook.digest });
  });

  it('takes variables that have been read before', async () => {
    const extraVars = { target: 'as it was', nested: { a: [1, null] } };
    const { inputs, ...loaded } = await saved({ extraVars, vars: ['target=not this'] });
    expect(loaded.extraVars).toEqual(extraVars);
    expect(inputs).toEqual({ inventory: ['i'], tags: [], skipTags: [], vars: extraVars });
  });

  it('says how it was asked for', async () => {
    const tagged = 'hosts: all\nsteps: [{ command: [a], tags: x }, { command: [b], tags: y }]';
    expect((await saved({ playbookText: tagged, tags: ['x'], skipTags: ['y'], vars: ['a.b=1'] })).inputs).toEqual({
      inventory: ['i'],
      tags: ['x'],
      skipTags: ['y'],
      vars: { a: { b: 1 } },
    });
  });

  it('is about the hosts that are named, in the order of the inventory, and within the limit', async () => {
    const names = async (more: Partial<LoadRequest>): Promise<readonly string[]> =>
      (await saved(more)).hosts.map(({ name }) => name);
    expect(await names({ hosts: ['db-1', 'web-2'] })).toEqual(['web-2', 'db-1']);
    expect(await names({ hosts: ['db-1', 'web-2'], limit: 'web' })).toEqual(['web-2']);
    // A name is no pattern here: nothing is expanded.
    await expect(saved({ hosts: ['web-*', 'web-1'] })).rejects.toMatchObject({
      code: 'usage',
      message: 'web-* is not in the inventory i any more',
    });
    await expect(saved({ hosts: ['web-1'], limit: 'db-1' })).rejects.toMatchObject({
      code: 'usage',
      message: 'none of web-1 is in the limit "db-1"',
    });
    await expect(saved({ hosts: [] })).rejects.toMatchObject({ code: 'usage' });
    await expect(saved({ hosts: ['web-1'], limit: 'wbe' })).rejects.toMatchObject({
      code: 'usage',
      message: 'pattern "wbe": there is no host or group "wbe"; did you mean "web"?',
    });
  });

  it('names every host that is gone, and goes on without them when the limit says so', async () => {
    const hosts = ['web-1', 'web-8', 'web-9'];
    await expect(saved({ hosts })).rejects.toMatchObject({
      code: 'usage',
      message: 'web-8, web-9 are not in the inventory i any more',
      hint: "put them back, give the inventory that has them with -i, or go on without: --limit '!web-8,!web-9'",
    });
    await expect(saved({ hosts, limit: '!web-9' })).rejects.toMatchObject({
      message: 'web-8 is not in the inventory i any more',
    });
    expect((await saved({ hosts, limit: '!web-8,!web-9' })).hosts.map(({ name }) => name)).toEqual(['web-1']);
  });

  it('does not pass over a host that is there, but in no play any more', async () => {
    await expect(saved({ playbookText: text.replace('all', 'web'), hosts: ['web-1', 'db-1'] })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/^db-1 is in the inventory, but /),
    });
  });
});

describe('variables', () => {
  const io = laptop({ files: { 'v.yaml': 'target: 5GiB\nnested: { a: 1, b: 2 }\n', 'bad.yaml': 'a-b: 1\n' } });

  it.each([
    [
      ['a=1', 'b=x', 'c=true', 'd=1.5', 'e=', 'f=null', 'g=007', 'h="q"', 'i=a=b'],
      { a: 1, b: 'x', c: true, d: 1.5, e: '', f: null, g: '007', h: '"q"', i: 'a=b' },
    ],
    [['a.b.c=1', 'a.b.d=2', 'a.e=x'], { a: { b: { c: 1, d: 2 }, e: 'x' } }],
    [['@v.yaml', 'nested.a=9', 'target=20GiB'], { target: '20GiB', nested: { a: 9, b: 2 } }],
    [['big=12345678901234567890'], { big: '12345678901234567890' }],
  ])('%j', async (given, vars) => {
    expect(await readExtraVars(given, io)).toEqual(vars);
  });

  it.each(['x', '=1', 'a-b=1', 'a..b=1', '__proto__.x=1', '@bad.yaml', '@missing'])(
    '%j is refused or harmless',
    async (given) => {
      const read = readExtraVars([given], io);
      if (given.startsWith('__proto__')) {
        await read;
        expect(Object.prototype).not.toHaveProperty('x');
      } else await expect(read).rejects.toMatchObject({ code: expect.stringMatching(/usage|config/) as string });
    },
  );

  it('come from the inventory, then the play, then the command line', async () => {
    const { plays, hosts, extraVars } = await load(
      'hosts: db-1\nvars: { tier: "play ${{ vars.tier }}", target: 1GiB }\nsteps: [{ command: [a] }]',
      { vars: ['target=2GiB'] },
    );
    const [play] = plays;
    const [host] = hosts;
    if (play === undefined || host === undefined) throw new Error('nothing was selected');
    expect(playScope(play.play, host, extraVars)).toMatchObject({
      vars: { target: '2GiB', tier: 'play data' },
      host: { name: 'db-1', vars: { target: 20 } },
      facts: {},
      registers: {},
    });
  });
});
