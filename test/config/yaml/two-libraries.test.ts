import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { YamlNode } from '../../../src/config/yaml/node.ts';
import { makeSource } from '../../../src/config/yaml/source.ts';
import { readDocument } from '../../../src/config/yaml/yaml-document.ts';
import { readEvents } from '../../../src/config/yaml/yaml-events.ts';

/** What must be the same in both: kinds, values and their types, styles, places, what aliases stand for. */
function shown(node: YamlNode | null): unknown {
  if (node === null || (node.kind === 'scalar' && node.start === node.end)) return null;
  switch (node.kind) {
    case 'scalar':
      return [node.style, node.start, node.end, typeof node.value, String(node.value)];
    case 'alias':
      return ['alias', node.start, node.name, node.target?.start];
    case 'list':
      return ['list', node.start, node.items.map(shown)];
    case 'mapping':
      return ['mapping', node.start, node.pairs.map(({ key, value }) => [shown(key), shown(value)])];
  }
}

/** Whether the fast library has read it; where it has, both must have read the same. */
function agree(text: string): boolean {
  const fast = readEvents(text);
  if (!('root' in fast)) return false;
  const careful = readDocument(makeSource('f.yaml', text));
  expect('root' in careful ? shown(careful.root) : careful.issues, JSON.stringify(text)).toEqual(shown(fast.root));
  return true;
}

const scraps = [
  ...[
    'a',
    'web-1',
    '10.0.0.1',
    '1',
    '-1',
    '0o7',
    '0x1f',
    '012',
    '1e3',
    '1.10',
    '.5',
    '.inf',
    'true',
    'null',
    '~',
    'yes',
  ],
  ...[
    ':',
    ': ',
    ':\n',
    '\n',
    '\n  ',
    '\n    ',
    '\n ',
    ' ',
    '  ',
    '- ',
    '-',
    '\n- ',
    '\n  - ',
    '{',
    '}',
    '[',
    ']',
    ',',
    ', ',
  ],
  ...[
    '"',
    "'",
    '"x"',
    "'y'",
    '""',
    '&a ',
    '*a',
    '*a ',
    '|\n',
    '>-\n',
    '|2\n',
    '|+\n',
    '#',
    ' # c\n',
    '!x ',
    '!!str ',
    '<<',
  ],
  ...['\t', '? ', '---\n', '--- ', '...\n', '%YAML 1.2\n', '\\n', '\\', '\\x41', '\\\n', 'é', '日', '😀', '\r\n', '\r'],
  ...[
    '\u00a0',
    '\u2028',
    '\ufeff',
    '@',
    '`',
    '=',
    "''",
    'x y',
    'x: y',
    '${{ v }}',
    'http://h:1/',
    '::',
    ' :',
    'a:b',
    '"a":1',
  ],
  ...[
    '{a}',
    '[a: 1]',
    '{a: 1, b}',
    '-x',
    '---',
    '...',
    '?x',
    '|',
    '>',
    '\n\n',
    ' \n',
    '\n   \n',
    '2001-12-14',
    '1_000',
  ],
];
const scrap = fc.constantFrom(...scraps);
const heads = fc.constantFrom(
  ...[
    '',
    'a: ',
    'a:\n  ',
    'a:\n  b: ',
    '- ',
    '{',
    '[',
    'hosts:\n  web-1:\n    vars: ',
    'a: &x\n  b: 1\nc: ',
    'a: "',
    "a: '",
  ],
  ...['a: |\n  ', 'a:\n- ', 'a:\n  - b: 1\n    ', '{"a": ', '[{"a": 1}, ', 'a: >\n  '],
);
const leaf = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: scrap, maxLength: 4 }),
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.boolean(),
  fc.constantFrom(null, 'web-1', '10.0.0.1', 'long text '.repeat(12), 'line\nline two\n', '  lead\n\ntrail  '),
);
const key = fc.oneof(fc.constantFrom('a', 'b', 'hosts', 'vars', 'x y'), fc.string({ unit: scrap, maxLength: 3 }));
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));
const writers: readonly ((made: unknown) => string)[] = [
  (made) => stringify(made),
  (made) => stringify(made, { indent: 4, lineWidth: 30 }),
  (made) => stringify(made, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 20 }),
  (made) => stringify(made, { defaultStringType: 'BLOCK_FOLDED' }),
  (made) => stringify(made, { collectionStyle: 'flow', flowCollectionPadding: false }),
  (made) => dump(made, { lineWidth: 20, seqNoIndent: true }),
  (made) => JSON.stringify(made, null, 2),
];
const written = fc.tuple(value, fc.constantFrom(...writers)).map(([made, write]) => write(made));
const mutated = fc
  .tuple(written, fc.array(fc.tuple(fc.nat(400), fc.nat(2), scrap), { maxLength: 4 }))
  .map(([text, edits]) =>
    edits.reduce((before, [where, cut, put]) => {
      const at = where % (before.length + 1);
      return before.slice(0, at) + put + before.slice(at + cut);
    }, text),
  );

describe('what the fast library reads, the careful one reads the same, at the same places', () => {
  it.each([
    ['texts that are written by programs', written, 500],
    ['the same with mistakes in them', mutated, 1000],
    ['any text', fc.tuple(heads, fc.string({ unit: scrap, maxLength: 14 })).map((parts) => parts.join('')), 1500],
  ] as const)('%s', (_name, texts, numRuns) => {
    let read = 0;
    fc.assert(
      fc.property(texts, (text) => {
        if (agree(text)) read += 1;
      }),
      { numRuns },
    );
    expect(read).toBeGreaterThan(0);
  });

  it.each([
    'hosts:\n  web-1:\n    address: 10.0.0.1\n    vars: { rack: r1, size: 20 }\ngroups:\n  web:\n    hosts: [web-1]\n',
    '# a comment\n---\nhosts: # and one\n  a: {}\n\n  b:\n',
    'a: |\n  x\n  y\n\nb: >-\n  folded\n  text\nc: "two\n  lines"\nd: plain\n  in two\n',
    'a: &x\n  b: 1\nc: *x\nd: &y 2\ne: *y\n',
    '{"hosts": {"a": {"vars": {"t": "\\u00e9\\n\\"", "n": [1, -2.5e3, true, null]}}}}',
    'a:\r\n  b: 1\r\n  c: [x,\r\n    y]\r\n',
  ])('%j is plain', (text) => {
    expect(agree(text)).toBe(true);
  });

  // What random texts have found: js-yaml reads it, and otherwise, or at all.
  it.each([
    "a:\n- 'y'---a: ",
    ' ---\nb: |\n  x\n',
    'a: |1\n  lead\n',
    'a: &x .5b[a: 1]# c\n',
    '[&v~: 1, &a "a": 1]',
    'a:\n- *a:',
    '[{}, {"\\\n   \nn": 1}]',
    '...\n*a ',
    'a: !vault x\n',
    'a: 1\n---\nb: 2\n',
    'a:\n\tb: 1\n',
    '? a\n: 1\n',
  ])('%j is left to the careful one', (text) => {
    expect(agree(text)).toBe(false);
  });
});
