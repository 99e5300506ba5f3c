import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadAll, type LoadRequest } from '../../src/config/load.ts';
import { loadPlaybook, type CompiledPlay } from '../../src/config/playbook/playbook.ts';
import { chooseSteps } from '../../src/config/playbook/tags.ts';
import type { Node, Scope, Step } from '../../src/config/model/types.ts';
import { issuesOf, laptop, printIssue } from './io.ts';
import { registry } from './registry.ts';

async function playOf(text: string): Promise<CompiledPlay> {
  const { plays } = await loadPlaybook('p', registry, laptop({ files: { p: text } }));
  const [play] = plays;
  if (play === undefined) throw new Error('no play');
  return play;
}

function scope(more: Partial<Scope> = {}): Scope {
  return { vars: {}, host: { name: 'web-1', groups: [] }, facts: {}, registers: {}, ...more };
}

type Shape = number | { readonly [name: string]: readonly (readonly Shape[])[] };

/** The tree by step numbers: a block is its name with what stands in block, rescue and always. */
function shapeOf(nodes: readonly Node[]): readonly Shape[] {
  return nodes.map((node): Shape =>
    node.kind === 'step'
      ? node.step.number
      : { [node.block.name]: [node.block.steps, node.block.rescue, node.block.always].map(shapeOf) },
  );
}

function leaves(nodes: readonly Node[]): readonly Step[] {
  return nodes.flatMap((node) =>
    node.kind === 'step' ? [node.step] : leaves([...node.block.steps, ...node.block.rescue, ...node.block.always]),
  );
}

const nested = `hosts: all
tags: play
steps:
  - command: [one]
  - name: Outer
    tags: [outer]
    become: true
    always:
      - command: [seven]
    block:
      - command: [two]
        tags: [own, outer]
      - name: Inner
        tags: inner
        become: false
        block: [{ command: [three] }]
        rescue: [{ command: [four], become: true }]
        always: [{ command: [five] }]
    rescue:
      - block: [{ command: [six] }]
        always: [{ command: [six-and-a-half] }]
  - command: [eight]
`;

describe('blocks', () => {
  it('are a tree of the same steps that the play has flat, numbered block, rescue, always', async () => {
    const { steps, nodes } = await playOf(nested);
    expect(shapeOf(nodes)).toEqual([
      1,
      { Outer: [[2, { Inner: [[3], [4], [5]] }], [{ 'block at line 20': [[6], [], [7]] }], [8]] },
      9,
    ]);
    expect(steps.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    for (const [index, step] of leaves(nodes).entries()) expect(step).toBe(steps[index]);
    expect(steps.map((step) => step.resolve(scope()))).toEqual(
      ['one', 'two', 'three', 'four', 'five', 'six', 'six-and-a-half', 'seven', 'eight'].map((word) => ({
        value: { argv: [word], read_only: false },
      })),
    );
  });

  it('hand tags and become on, and say of which block a step is the rescue', async () => {
    const { steps } = await playOf(nested);
    expect(steps.map(({ become }) => become)).toEqual([
      undefined,
      true,
      false,
      true,
      false,
      true,
      true,
      true,
      undefined,
    ]);
    expect(steps.map(({ rescues }) => rescues)).toEqual([
      undefined,
      undefined,
      undefined,
      'Inner',
      undefined,
      'Outer',
      'Outer',
      undefined,
      undefined,
    ]);
    expect(steps.map(({ tags }) => tags.join(' '))).toEqual([
      'play',
      'play outer own',
      'play outer inner',
      'play outer inner',
      'play outer inner',
      'play outer',
      'play outer',
      'play outer',
      'play',
    ]);
  });

  it('let rescue and always read what block registers', async () => {
    const { steps } = await playOf(
      'hosts: all\nsteps: [{ always: [{ command: [c], when: "has(a.x) || has(b.x)" }], rescue: [{ command: ["${{ a.x }}"], register: b }], block: [{ command: [a], register: a }] }]',
    );
    expect(steps[1]?.resolve(scope())).toEqual({ unknown: ['a'] });
    expect(steps[1]?.resolve(scope({ registers: { a: { x: 'y' } } }))).toEqual({
      value: { argv: ['y'], read_only: false },
    });
    expect(steps[2]?.when?.evaluate(scope({ registers: { a: { x: 'y' } } }))).toEqual({ value: true });
  });
});

interface Written {
  readonly tags: readonly string[];
  readonly command?: readonly string[];
  readonly block?: readonly Written[];
  readonly rescue?: readonly Written[];
  readonly always?: readonly Written[];
}

const tags = fc.subarray(['a', 'b']);
const { list } = fc.letrec<{
  readonly list: readonly Written[];
  readonly item: Written;
  readonly step: Written;
  readonly block: Written;
}>((tie) => ({
  list: fc.array(tie('item'), { minLength: 1, maxLength: 3 }),
  item: fc.oneof({ maxDepth: 4, depthSize: 'small' }, tie('step'), tie('block')),
  step: fc.record({ tags, command: fc.constant(['x']) }),
  block: fc.record(
    { tags, block: tie('list'), rescue: tie('list'), always: tie('list') },
    { requiredKeys: ['tags', 'block', 'always'] },
  ),
}));

describe('any tree of blocks', () => {
  it('holds the steps of the play, each once and in order, whatever the tags leave', async () => {
    await fc.assert(
      fc.asyncProperty(list, tags, async (written, skipTags) => {
        const play = await playOf(
          JSON.stringify({
            hosts: 'all',
            steps: [...written, { command: ['end'], tags: 'a' }, { command: ['end'], tags: 'b' }, { command: ['end'] }],
          }),
        );
        expect(leaves(play.nodes)).toEqual(play.steps);
        expect(play.steps.map(({ number }) => number)).toEqual(play.steps.map((_step, index) => index + 1));
        const [chosen] = chooseSteps([play], { tags: [], skipTags });
        expect(leaves(chosen?.nodes ?? [])).toEqual(chosen?.steps);
        for (const step of chosen?.steps ?? []) expect(step.tags.filter((tag) => skipTags.includes(tag))).toEqual([]);
        const kept = new Set(chosen?.steps);
        for (const step of play.steps)
          if (!kept.has(step) && step.rescues === undefined)
            expect(step.tags.some((tag) => skipTags.includes(tag))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe('the conditions of blocks and step', () => {
  const conditional = async (outer: string, inner: string, own: string): Promise<Step> => {
    const { steps } = await playOf(
      `hosts: all\nsteps: [{ command: [a], register: r }, { when: ${JSON.stringify(outer)}, block: [{ when: ${JSON.stringify(inner)}, block: [{ command: [b] }], rescue: [{ command: [c], when: ${JSON.stringify(own)} }] }], always: [{ command: [d] }] }]`,
    );
    const [, , step] = steps;
    if (step === undefined) throw new Error('no step');
    return step;
  };

  it.each<readonly [string, string, string, Partial<Scope>, unknown]>([
    ['vars.a', 'vars.b', 'vars.c', { vars: { a: true, b: true, c: true } }, { value: true }],
    ['vars.a', 'vars.b', 'vars.c', { vars: { a: true, b: true, c: false } }, { value: false }],
    // What is behind a false condition is not looked at, not even where it would fail.
    ['vars.a', 'vars.nothing', 'vars.nothing', { vars: { a: false } }, { value: false }],
    ['r.ok', 'vars.b', 'vars.c', { vars: { b: true, c: true } }, { unknown: ['r'] }],
    ['r.ok', 'vars.nothing', 'vars.a', { vars: { a: 1 } }, { unknown: ['r'] }],
    ['r.ok', 'vars.b', 'facts.docker.driver == "x"', { vars: { b: true } }, { unknown: ['r', 'facts'] }],
    ['vars.a', 'r.ok', 'vars.c', { vars: { a: true, c: false } }, { value: false }],
    ['vars.a || vars.b', 'true', '${{ r.ok }}', { vars: { a: true }, registers: { r: { ok: true } } }, { value: true }],
  ])('%s, %s, %s', async (outer, inner, own, more, result) => {
    expect((await conditional(outer, inner, own)).when?.evaluate(scope(more))).toEqual(result);
  });

  it('are shown together, and are all among the roots', async () => {
    const step = await conditional('vars.a || r.ok', 'facts.docker.driver == "x"', 'host.name == "y"');
    expect(step.when?.text).toBe('(vars.a || r.ok) && facts.docker.driver == "x" && host.name == "y"');
    expect([...step.roots].sort()).toEqual(['facts', 'host', 'r', 'vars']);
    expect(step.when?.place).toMatchObject({ line: 2 });
  });

  it('must each be true or false', async () => {
    const step = await conditional('vars.a', 'true', 'true');
    expect(() => step.when?.evaluate(scope({ vars: { a: 5 } }))).toThrow(
      expect.objectContaining({ message: 'when: the expression gives 5, not true or false', where: 'p:2:49' }),
    );
  });

  it('guard a loop that cannot be resolved without them', async () => {
    const { steps } = await playOf(
      'hosts: all\nsteps: [{ command: [a], register: r }, { when: "has(vars.names)", block: [{ command: [b, "${{ item }}"], loop: "${{ vars.names }}", when: item != "x" }], always: [{ command: [c], loop: "${{ vars.names }}", when: r.ok }, { command: [d] }] }]',
    );
    const [, step, always] = steps;
    expect(step?.loop?.resolve(scope())).toEqual({ value: [] });
    expect(step?.loop?.resolve(scope({ vars: { names: ['x', 'y'] } }))).toEqual({ value: ['x', 'y'] });
    expect(() => step?.loop?.resolve(scope({ vars: { names: 'x' } }))).toThrow(
      'loop: the expression does not give a list',
    );
    expect(always?.loop?.resolve(scope())).toEqual({ value: [] });
  });
});

describe('blocks on the hosts of a run', () => {
  const inventory = 'hosts:\n  web-1: { vars: { size: 1GiB } }\n  db-1: { vars: { tier: data } }\n';
  const load = (playbook: string, more: Partial<LoadRequest> = {}): ReturnType<typeof loadAll> =>
    loadAll(
      { inventoryFiles: ['i'], playbookFile: 'p', registry, ...more },
      laptop({ files: { i: inventory, p: playbook } }),
    );
  const chosen = async (more: Partial<LoadRequest>, playbook = nested): Promise<unknown> => {
    const [selected] = (await load(playbook, more)).plays;
    expect(selected === undefined ? [] : leaves(selected.play.nodes)).toEqual(selected?.play.steps);
    return shapeOf(selected?.play.nodes ?? []);
  };

  it('keep what the tags leave of them, and are gone with their last step', async () => {
    expect(await chosen({ tags: ['inner'] })).toEqual([{ Outer: [[{ Inner: [[3], [4], [5]] }], [], []] }]);
    expect(await chosen({ tags: ['own'] })).toEqual([{ Outer: [[2], [], []] }]);
    expect(await chosen({ skipTags: ['inner'] })).toEqual([
      1,
      { Outer: [[2], [{ 'block at line 20': [[6], [], [7]] }], [8]] },
      9,
    ]);
    expect(await chosen({ skipTags: ['outer'] })).toEqual([1, 9]);
  });

  it('keep no rescue when nothing is left that could fail', async () => {
    const playbook =
      'hosts: all\nsteps: [{ name: B, block: [{ command: [a], tags: work }], rescue: [{ command: [b], tags: rest }], always: [{ command: [c], tags: rest }] }]';
    expect(await chosen({ tags: ['rest'] }, playbook)).toEqual([{ B: [[], [], [3]] }]);
    await expect(
      load('hosts: all\nsteps: [{ block: [{ command: [a], tags: work }], rescue: [{ command: [b], tags: rest }] }]', {
        tags: ['rest'],
      }),
    ).rejects.toThrow('the tags leave no step to do');
  });

  it.each([
    [
      'a variable that only the condition of the block guards',
      'hosts: all\nsteps: [{ when: "has(vars.tier)", block: [{ command: ["${{ vars.tier }}"], when: vars.tier == "data" }], always: [{ command: [a], loop: ["${{ vars.tier }}"], when: item == vars.tier }] }]',
      [],
    ],
    [
      'a variable that nothing guards',
      'hosts: web-1\nsteps: [{ block: [{ command: ["${{ vars.tier }}"] }], rescue: [{ command: [a], when: vars.tier == "b" }] }]',
      ['p:2:41: expression: there is no vars.tier (on web-1)', 'p:2:91: expression: there is no vars.tier (on web-1)'],
    ],
    [
      'a condition of a block, once for all of its steps',
      'hosts: all\nsteps: [{ when: size(vars.tier), block: [{ command: [a] }, { command: [b] }], rescue: [{ command: [c] }] }]',
      ['p:2:17: when: the expression is a int, not true or false'],
    ],
    [
      'the same where only a host can tell',
      'hosts: db-1\nsteps: [{ when: vars.tier, block: [{ command: [a] }, { command: [b] }], rescue: [{ command: [c] }] }]',
      ['p:2:17: when: the expression gives "data", not true or false (on db-1)'],
    ],
    [
      'a loop that waits for a register, with a condition on its item',
      'hosts: db-1\nsteps: [{ command: [a], register: r }, { command: [b], loop: "${{ r.lines }}", when: item == vars.tir }]',
      ['p:2:99: expression: there is no vars.tir; did you mean "tier"? (on db-1)'],
    ],
  ])('are checked: %s', async (_what, playbook, expected) => {
    expect((await issuesOf(load(playbook))).map(printIssue).map((text) => text.split('\n')[0])).toEqual(expected);
  });

  it('are named when the tags leave out what they read', async () => {
    const playbook =
      'hosts: all\nsteps: [{ command: [a], register: r, tags: look }, { when: r.x, tags: act, block: [{ name: B, command: [b] }], always: [{ command: [c], when: "false" }] }]';
    expect((await issuesOf(load(playbook, { tags: ['act'] }))).map(({ message }) => message)).toEqual([
      'the step "B" reads "r", which the step "command" registers, and the tags leave that one out',
      'the step "command" reads "r", which the step "command" registers, and the tags leave that one out',
    ]);
  });
});
