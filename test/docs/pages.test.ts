import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { undescribed } from '../../scripts/docs/keys.ts';
import { operationPages, pagesFolder } from '../../scripts/docs/pages.ts';
import { parseText, standingAt } from '../../scripts/docs/texts.ts';
import { inventorySchema } from '../../src/config/inventory/inventory-schema.ts';
import { blockSchema, controlsSchema, playSchema } from '../../src/config/playbook/playbook-schema.ts';
import { operations } from '../../src/operations/registry.ts';
import { documents, root } from './documents.ts';

describe('the documents of the operations are the ones that npm run docs writes', async () => {
  const pages = await operationPages();

  it.each([...pages])('%s', (path, text) => {
    const there = existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
    expect(there, `${path} is not what the code and the texts beside it make: npm run docs`).toBe(text);
  });

  it('and no others', () => {
    const others = readdirSync(join(root, pagesFolder)).filter((name) => !pages.has(`${pagesFolder}/${name}`));
    expect(others, `${pagesFolder} has pages of no operation: npm run docs`).toEqual([]);
  });
});

describe('the text beside the source of an operation', () => {
  it('says first where the operation stands, and what is undone', () => {
    expect(
      parseText('a_b', 'index: after a\nundos: first\nundo: none\nundo: `a_b` on x | the old x\n\nOne.\n\nTwo.\n'),
    ).toEqual({
      index: 'after a',
      undos: 'first',
      undo: ['| `a_b` | none |', '| `a_b` on x | the old x |'],
      page: 'One.\n\nTwo.',
    });
    expect(parseText('a_b', 'index: For x\n')).toEqual({ index: 'For x', undos: 'For x', undo: [], page: '' });
  });

  it.each([
    ['One.\n\nTwo.\n', /^a-b\.md begins with lines of index, undo and undos, and this is none: One\./],
    ['undo: none\n\nOne.\n', /^a-b\.md does not say where a_b stands/],
    ['index: after a\nindex: after b\n\nOne.\n', /^a-b\.md says index twice/],
  ])('is refused when it is %j', (text, why) => {
    expect(() => parseText('a_b', text)).toThrow(why);
  });

  it('leads to an order, in which nothing is that leads nowhere', () => {
    const places = {
      d: 'after b',
      b: 'X',
      e: 'Y',
      c: 'after b',
      a: 'after c',
      f: 'after g',
      g: 'after f',
      h: 'after h',
    };
    expect(standingAt('X', new Map(Object.entries(places)))).toEqual(['b', 'c', 'a', 'd']);
  });
});

describe('every key says what it is', () => {
  it.each([...operations])('%s', (_name, { schema }) => {
    expect(undescribed(schema)).toEqual([]);
  });

  it.each(Object.entries({ inventory: inventorySchema, play: playSchema, block: blockSchema, step: controlsSchema }))(
    '%s',
    (_name, schema) => {
      expect(undescribed(schema)).toEqual([]);
    },
  );
});

describe('docs/playbooks.md', () => {
  const named = new Set(
    documents
      .find(({ path }) => path === 'docs/playbooks.md')
      ?.prose.flatMap(({ text }) => [...text.matchAll(/`([a-z_]+)/g)].map(([, name = '']) => name)),
  );
  const host = inventorySchema.shape.hosts.valueType.unwrap();

  it.each(Object.entries({ host, play: playSchema, block: blockSchema, step: controlsSchema }))(
    'names every key of a %s',
    (_what, { shape }) => {
      expect(Object.keys(shape).filter((key) => !named.has(key))).toEqual([]);
    },
  );
});
