import { describe, expect, it } from 'vitest';
import { loadAll } from '../../../src/config/load.ts';
import { loadPlaybook } from '../../../src/config/playbook/playbook.ts';
import type { Scope } from '../../../src/config/model/types.ts';
import type { Json } from '../../../src/values/json.ts';
import { issuesOf, laptop, printIssue } from '../io.ts';
import { registry } from '../registry.ts';

const many = Array.from({ length: 200 }, (_, index) => `line ${String(index)}`);
const hugeText = 'x'.repeat(4 * 1024 * 1024);
const tooMany = /it takes more than 2000000 steps: nest fewer all, exists, map and filter/;

/** What a condition comes to with `register.lines` of a host. */
async function evaluate(
  when: string,
  registers: Readonly<Record<string, Json>> = { r: { lines: many, stdout: hugeText } },
): Promise<unknown> {
  const { plays } = await loadPlaybook(
    'p.yaml',
    registry,
    laptop({
      files: {
        'p.yaml': `hosts: all\nsteps:\n  - { command: [a], register: r }\n  - command: [b]\n    when: >-\n      ${when}\n`,
      },
    }),
  );
  const scope: Scope = { vars: {}, host: { name: 'web-1', groups: [] }, facts: {}, registers };
  return plays[0]?.steps[1]?.when?.evaluate(scope);
}

/** Each round asks for all of the next one: with the last predicate false only at the end. */
function nested(macro: string, depth: number, inner: string, judged = (text: string): string => text): string {
  return Array.from({ length: depth }).reduce<string>(
    (text, _, index) => judged(`r.lines.${macro}(v${String(index)}, ${text})`),
    inner,
  );
}

describe('an expression has an end', () => {
  it.each([
    ['all, four deep over 200 lines', nested('all', 4, 'v0 != "x"')],
    ['exists, four deep', nested('exists', 4, 'v0 == "x"')],
    ['map, four deep', `size(${nested('map', 4, 'v0')}) > 0`],
    ['filter, four deep', nested('filter', 4, 'v0 == "x"', (text) => `size(${text}) > 0`)],
    ['a list that is doubled', `${doubled('r.lines')} == []`],
    ['lists that hold one another many times', `[${holding('[1, 2]')}].all(x, x == x)`],
    ['a text that is doubled', `${doubled('r.stdout')} == ""`],
    ["a host's whole output in each line", 'size(r.lines.map(l, r.stdout + l)) > 0'],
    [
      'comparing a long list again and again',
      'r.lines.all(a, r.lines.all(b, r.lines == r.lines && r.lines == r.lines))',
    ],
  ])('%s', async (_what, when) => {
    await expect(evaluate(when)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(tooMany),
      where: expect.stringMatching(/^p\.yaml:6:/),
    });
  });

  it('and what forgives errors does not forgive that', async () => {
    await expect(evaluate(`${nested('all', 4, 'v0 != "x"')} || true`)).rejects.toMatchObject({ code: 'config' });
  });

  it('in what is checked before anything connects, too', async () => {
    const list = `[${many.map((line) => `"${line}"`).join(', ')}]`;
    const playbook = `hosts: all\nvars: { many: ${list} }\nsteps:\n  - { command: [a], when: '${nested('all', 4, 'v0 != "x"').replaceAll('r.lines', 'vars.many')}' }\n`;
    const issues = await issuesOf(
      loadAll(
        { inventoryFiles: ['i'], playbookFile: 'p', registry },
        laptop({ files: { i: 'hosts: { web-1: {} }', p: playbook } }),
      ),
    );
    expect(issues.map(printIssue).map((text) => text.split('\n')[0])).toEqual([
      expect.stringMatching(/^p:4:\d+: expression: it takes more than/),
    ]);
  });

  it('which what is asked of long lists and texts does not come near', async () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `line ${String(index)}`);
    expect(
      await evaluate(
        'r.lines.filter(l, l.startsWith("line 4")).exists(l, l == "line 49999") && r.stdout.contains("x") && size(r.lines) == 50000',
        { r: { lines, stdout: hugeText } },
      ),
    ).toEqual({ value: true });
  });

  it('and each evaluation has all of it', async () => {
    const when = 'r.lines.all(a, r.lines.all(b, a != "x" && b != "x"))';
    for (let time = 0; time < 10; time += 1) expect(await evaluate(when)).toEqual({ value: true });
  });
});

function doubled(text: string): string {
  return Array.from({ length: 24 }).reduce<string>((inner) => `[${inner}].map(x, x + x)[0]`, text);
}

function holding(text: string): string {
  return Array.from({ length: 10 }).reduce<string>((inner) => `[${inner}].map(x, [x, x, x, x, x, x, x, x])[0]`, text);
}
