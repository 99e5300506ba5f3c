import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileExpression } from '../../../src/config/expressions/expression.ts';
import { bracesIn } from '../../../src/config/from-ansible/braces.ts';
import { fromJinja } from '../../../src/config/from-ansible/jinja.ts';

const known = new Set(['vars', 'host', 'facts', 'item', 'result']);

describe('an expression of Ansible’s', () => {
  it.each([
    ['a and b', 'vars.a && vars.b'],
    ['not a == b', '!(vars.a == vars.b)'],
    ['a or b and not c', 'vars.a || vars.b && !vars.c'],
    ['(a or b) and c', '(vars.a || vars.b) && vars.c'],
    ['a - (b - c)', 'vars.a - (vars.b - vars.c)'],
    ['x.y is not defined', '!(has(vars.x) && has(vars.x.y))'],
    ['x | default("a") == "a"', '(has(vars.x) ? vars.x : "a") == "a"'],
    ['result.rc == 0 or "x" in result.stdout', 'result.status == 0 || result.stdout.contains("x")'],
    ['"web" in group_names', '"web" in host.groups'],
    ['a if b else c', 'vars.b ? vars.a : vars.c'],
    ['x is not none', 'vars.x != null'],
    ['ansible_facts["kernel"] == item', 'facts.host.kernel == item'],
    ['{{ a }} == 1', 'vars.a == 1'],
  ])('%s is %s', (jinja, cel) => {
    expect(fromJinja(jinja, known).cel).toBe(cel);
  });

  it.each([
    'hostvars["a"].b',
    'lookup("env", "X")',
    'x is version("1", ">=")',
    'x | map("int")',
    '('.repeat(5000),
    'not '.repeat(5000),
    '"a',
  ])('%.40s has no equivalent', (jinja) => {
    expect(fromJinja(jinja, known).cel).toBeUndefined();
  });

  const name = fc.constantFrom('a', 'b_1', 'x', 'item', 'result.rc', 'inventory_hostname', 'ansible_port');
  const value = fc.oneof(name, fc.constantFrom('1', '"t"', "'u'", 'True', '[1, 2]'));
  const { expression } = fc.letrec<{ expression: string; operand: string }>((tie) => ({
    operand: fc.oneof(
      { depthSize: 'small' },
      value,
      fc.tuple(name, fc.constantFrom('| int', '| string', '| default(1)', '| trim')).map((pair) => pair.join(' ')),
      tie('expression').map((inner) => `(${inner})`),
    ),
    expression: fc.oneof(
      { depthSize: 'small' },
      fc
        .tuple(name, fc.constantFrom('is defined', 'is not none', 'in [1, 2]', 'not in [1, 2]', '== 1'))
        .map((pair) => pair.join(' ')),
      tie('operand').map((one) => `not ${one} == 1`),
      fc.tuple(tie('expression'), fc.constantFrom('and', 'or'), tie('expression')).map((three) => three.join(' ')),
    ),
  }));

  it('that is said in CEL is understood, and has nothing of Ansible’s left', () => {
    fc.assert(
      fc.property(expression, (jinja) => {
        const { cel } = fromJinja(jinja, known);
        if (cel === undefined) return;
        const at = {
          place: () => ({ file: 'f', line: 1, column: 1 }),
          issue: (_span: unknown, message: string) => ({ file: 'f', message }),
          written: (text: string) => text,
        };
        const result = compileExpression(cel, { names: known }, at);
        // That a truth is compared with a number is so in what was written, too.
        const issues = 'issues' in result ? result.issues : [];
        expect(issues.filter(({ message }) => !message.includes('no such overload'))).toEqual([]);
        expect(fromJinja(cel, known).said).toEqual([]);
      }),
      {
        seed: 20_261_130,
        numRuns: 300,
        examples: [['item is defined and x == 1'], ['(x | default(1)) | int == 1 or not a == 1']],
      },
    );
  });
});

describe('braces', () => {
  it.each([
    '{{.Names}}',
    '{{ json .X }}',
    '{{range .Mounts}}{{.Source}}{{end}}',
    '{{$x}}',
    '{{ (index .P 0).Q }}',
    '{{"x"}}',
    '${{ vars.x }}',
    '{{ open',
    '{{'.repeat(100_000),
  ])('%.30s are none of Jinja', (text) => {
    const taken = text.startsWith('$') ? [{ start: 0, end: text.length }] : [];
    expect(bracesIn(text, taken)).toEqual([]);
  });

  it.each(['{{ item }}', 'a-{{x}}', "{{ lookup('env', 'X') }}", '{{- title -}}', '{{ x.y | default(1) }}'])(
    '%s are',
    (text) => {
      expect(bracesIn(text, [])).toHaveLength(1);
    },
  );
});
