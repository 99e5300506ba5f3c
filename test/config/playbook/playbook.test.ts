import { describe, expect, it } from 'vitest';
import { loadPlaybook } from '../../../src/config/playbook/playbook.ts';
import type { CompiledStep } from '../../../src/config/playbook/step.ts';
import type { Scope } from '../../../src/config/model/types.ts';
import { AppError } from '../../../src/errors.ts';
import type { JsonObject } from '../../../src/values/json.ts';
import { laptop } from '../io.ts';
import { registry } from '../registry.ts';

const load = (text: string) => loadPlaybook('p.yaml', registry, laptop({ files: { 'p.yaml': text } }));

async function stepOf(text: string): Promise<CompiledStep> {
  const { plays } = await load(`hosts: all\nsteps:\n  - { command: [first], register: node }\n  - ${text}\n`);
  const step = plays[0]?.steps[1];
  if (step === undefined) throw new Error('no step');
  return step;
}

function scope(more: Partial<Scope> = {}): Scope {
  return { vars: {}, host: { name: 'web-1', groups: [] }, facts: {}, registers: {}, ...more };
}

describe('a playbook', () => {
  it('is one play or a list of plays', async () => {
    const one = await load('hosts: [web, "!web-3"]\nsteps: [{ command: [a] }]');
    expect(one.plays).toMatchObject([
      {
        number: 1,
        name: 'play 1',
        hosts: 'web,!web-3',
        batch: [{ kind: 'percent', percent: 100 }],
        maxFailures: { kind: 'count', count: 0 },
        anyErrorsFatal: false,
        vars: {},
      },
    ]);
    expect(one.digest).toMatch(/^[0-9a-f]{64}$/);
    const two = await load(
      '- { hosts: a, name: A, batch: [1, 10%], max_failures: 5%, any_errors_fatal: true, become: true, tags: x, steps: [{ command: [a], tags: [y] }] }\n- { hosts: b, steps: [{ script: b }] }',
    );
    expect(two.plays).toMatchObject([
      {
        name: 'A',
        batch: [
          { kind: 'count', count: 1 },
          { kind: 'percent', percent: 10 },
        ],
        maxFailures: { kind: 'percent', percent: 5 },
        anyErrorsFatal: true,
        become: true,
        steps: [{ tags: ['x', 'y'] }],
      },
      { number: 2, hosts: 'b' },
    ]);
  });

  it('gives a step its controls', async () => {
    const step = await stepOf(
      '{ name: Wait, command: [a], register: out, retries: 5, delay: 2m, until: out.status == 0, timeout: 90, on_error: continue, become: false, when: node.ok }',
    );
    expect(step).toMatchObject({
      number: 2,
      name: 'Wait',
      operation: 'command',
      register: 'out',
      retry: { retries: 5, delaySeconds: 120 },
      timeoutSeconds: 90,
      onError: 'continue',
      become: false,
      place: { line: 4, column: 5 },
    });
    expect([...step.roots].sort()).toEqual(['node', 'out']);
    expect(step.retry?.until?.evaluate(scope({ registers: { out: { status: 0 } } }))).toEqual({ value: true });
  });

  it('hands read_only into the input of command and script, in either form', async () => {
    for (const [text, value] of [
      ['{ command: [a], read_only: true }', { argv: ['a'], read_only: true }],
      ['{ command: { argv: [a], stdin: x }, read_only: true }', { argv: ['a'], stdin: 'x', read_only: true }],
      ['{ script: "a", read_only: false }', { text: 'a', read_only: false }],
      ['{ script: "a" }', { text: 'a', read_only: false }],
    ] as const) {
      expect((await stepOf(text)).resolve(scope())).toEqual({ value });
    }
  });
});

describe('expressions in input', () => {
  it.each<readonly [string, JsonObject, unknown]>([
    ['{ wait_for: { port: "${{ vars.port }}" } }', { port: 80 }, { port: 80, every: 1 }],
    ['{ wait_for: { port: "${{ vars.port + 1 }}" } }', { port: 80 }, { port: 81, every: 1 }],
    ['{ wait_for: "${{ vars.all }}" }', { all: { port: 5 } }, { port: 5, every: 1 }],
    [
      '{ command: [echo, "port ${{ vars.port }} on ${{ host.name }}"] }',
      { port: 80 },
      { argv: ['echo', 'port 80 on web-1'], read_only: false },
    ],
    ['{ command: [sleep, "${{ vars.seconds }}"] }', { seconds: 5 }, { argv: ['sleep', '5'], read_only: false }],
    ['{ command: { argv: "${{ vars.argv }}" } }', { argv: ['a', 'b'] }, { argv: ['a', 'b'], read_only: false }],
    [
      '{ command: "${{ [\'a\', string(size(vars.list))] }}" }',
      { list: [1, 2] },
      { argv: ['a', '2'], read_only: false },
    ],
    [`{ script: 'echo \${{ {"a": {"b": "}}"}}["a"]["b"] }}' }`, {}, { text: 'echo }}', read_only: false }],
    ['{ script: "docker ps --format {{.Names}}" }', {}, { text: 'docker ps --format {{.Names}}', read_only: false }],
    [
      '{ script: "${{ vars.text }}" }',
      { text: '${{ vars.secret }}' },
      { text: '${{ vars.secret }}', read_only: false },
    ],
    ['{ grow_rootfs: { container: a, size: "${{ vars.n }}GiB" } }', { n: 20 }, { container: 'a', size: '20GiB' }],
    [
      '{ command: [a, "${{ string(bytes_of(vars.s)) }}"] }',
      { s: '20GiB' },
      { argv: ['a', '21474836480'], read_only: false },
    ],
  ])('%s', async (text, vars, value) => {
    expect((await stepOf(text)).resolve(scope({ vars }))).toEqual({ value });
  });

  it.each<readonly [string, JsonObject, string, string]>([
    [
      '{ grow_rootfs: { container: a, size: "${{ vars.n }}" } }',
      { n: 20 },
      'size: "20" has no unit: write 20GiB or 20MiB',
      'p.yaml:4:42',
    ],
    [
      '{ grow_rootfs: { container: a, size: "${{ vars.n }}" } }',
      { other: 20 },
      'expression: there is no vars.n',
      'p.yaml:4:52',
    ],
    ['{ wait_for: { port: "${{ vars.port }}" } }', { port: 'x' }, 'port: expected a number, not "x"', 'p.yaml:4:25'],
    ['{ script: "${{ vars.a }} b" }', { a: [1] }, 'expression: a list cannot be part of a text', 'p.yaml:4:20'],
    ['{ script: "${{ vars.a + 1 }}" }', { a: 'x' }, 'expression: no such overload: dyn<string> + int', 'p.yaml:4:20'],
    ['{ command: [a, "${{ 9007199254740993 }}"] }', {}, 'expression: 9007199254740993 is too large', 'p.yaml:4:25'],
    ['{ command: [a, "${{ vars.constructor }}"] }', {}, 'expression: there is no vars.constructor', 'p.yaml:4:30'],
    [
      '{ scale_volume: { volume: "${{ vars.v }}", size: 1GiB, count: 1 } }',
      { v: 'ok' },
      'give either size or count',
      'p.yaml:4:21',
    ],
  ])('%s is refused', async (text, vars, message, where) => {
    const step = await stepOf(text);
    try {
      step.resolve(scope({ vars }));
      expect.unreachable();
    } catch (thrown) {
      expect(thrown).toBeInstanceOf(AppError);
      expect(thrown).toMatchObject({ code: 'config', message, where });
    }
  });

  it('names what is not known yet', async () => {
    const step = await stepOf('{ command: [a, "${{ node.x }}", "${{ facts.docker.driver }}", "${{ vars.a }}"] }');
    expect(step.resolve(scope({ vars: { a: 'b' } }))).toEqual({ unknown: ['node', 'facts'] });
    expect(step.resolve(scope({ vars: { a: 'b' }, facts: { host: {} }, registers: { node: { x: 'y' } } }))).toEqual({
      unknown: ['facts'],
    });
    expect(
      step.resolve(
        scope({ vars: { a: 'b' }, facts: { docker: { driver: 'overlay2' } }, registers: { node: { x: 'y' } } }),
      ),
    ).toEqual({ value: { argv: ['a', 'y', 'overlay2', 'b'], read_only: false } });
  });
});

describe('when', () => {
  it.each<readonly [string, Partial<Scope>, unknown]>([
    ['facts.docker.driver == "overlay2"', { facts: { docker: { driver: 'overlay2' } } }, { value: true }],
    ['${{ vars.a == 1 }}', { vars: { a: 1 } }, { value: true }],
    ['vars.a > 1.5', { vars: { a: 2 } }, { value: true }],
    ['node.x == 1', {}, { unknown: ['node'] }],
    ['vars.off && node.x == 1', { vars: { off: false } }, { value: false }],
    ['node.x == 1 || vars.on', { vars: { on: true } }, { value: true }],
    ['has(node.x)', {}, { unknown: ['node'] }],
    ['has(node.x)', { registers: { node: {} } }, { value: false }],
    ['"web" in host.groups', {}, { value: false }],
    ['has(facts.docker)', {}, { unknown: ['facts'] }],
    ['vars.list.exists(x, x == "b")', { vars: { list: ['a', 'b'] } }, { value: true }],
    ['vars.nothing == null', { vars: { nothing: null } }, { value: true }],
  ])('%s', async (text, more, result) => {
    const step = await stepOf(`{ command: [a], when: ${JSON.stringify(text)} }`);
    expect(step.when?.evaluate(scope(more))).toEqual(result);
  });

  it('may be plain true or false', async () => {
    expect((await stepOf('{ command: [a], when: false }')).when?.evaluate(scope())).toEqual({ value: false });
  });
});

describe('loop', () => {
  it('gives its items, resolved', async () => {
    const step = await stepOf('{ command: [rm, "${{ item.name }}"], loop: [{ name: a }, { name: "${{ vars.b }}" }] }');
    expect(step.loop?.resolve(scope({ vars: { b: 'c' } }))).toEqual({ value: [{ name: 'a' }, { name: 'c' }] });
    expect(step.resolve(scope({ item: { name: 'a' } }))).toEqual({ value: { argv: ['rm', 'a'], read_only: false } });
    expect(step.resolve(scope())).toEqual({ unknown: ['item'] });
  });

  it('may be an expression, which must give a list', async () => {
    const step = await stepOf('{ command: [rm], loop: "${{ vars.names }}" }');
    expect(step.loop?.resolve(scope({ vars: { names: ['a'] } }))).toEqual({ value: ['a'] });
    expect(() => step.loop?.resolve(scope({ vars: { names: 'a' } }))).toThrow(
      'loop: the expression does not give a list',
    );
  });
});
