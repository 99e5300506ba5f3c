import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readInventory } from '../../src/config/inventory/inventory.ts';
import { parsePlaybook } from '../../src/config/playbook/playbook.ts';
import { parseYaml } from '../../src/config/yaml/yaml.ts';
import type { ConfigIssue } from '../../src/errors.ts';
import { operations } from '../../src/operations/registry.ts';
import { isObject } from '../../src/values/json.ts';
import { laptop, printIssue } from '../config/io.ts';
import { documents, parseDocument, placed, root, type Block, type Document } from './documents.ts';

/** The language of every block is said, so that none is passed over because nobody has said what it is. */
const languages = ['console', 'json', 'sh', 'text', 'ts', 'yaml'];

/** As `plimsoll validate` says it, with the lines of the document. */
async function mistakesIn(document: Document, block: Block): Promise<readonly string[]> {
  const [, of] = block.info;
  if (of !== undefined) return part(document, block, of);
  const { issues } = await readAs(document, block);
  return issues.map(printIssue);
}

/** Where other text has stood, lines are left empty, so that the places of mistakes are those in the document. */
async function readAs(
  { path }: Document,
  { line, lines }: Block,
): Promise<{ readonly issues: readonly ConfigIssue[] }> {
  const above = (...first: readonly string[]): string =>
    [...Array<string>(line - 1 - first.length).fill(''), ...first, ...lines, ''].join('\n');
  const { yaml, issues } = parseYaml(path, new TextEncoder().encode(above()));
  if (yaml === undefined) return { issues };
  const { value } = yaml;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  const isPlay = (one: unknown): boolean => isObject(one) && Object.hasOwn(one, 'steps');
  if (isObject(value) && isPlay(value))
    return parsePlaybook(path, Object.hasOwn(value, 'hosts') ? above() : above('hosts: all'), operations);
  if (isObject(value) && Object.hasOwn(value, 'hosts'))
    return await readInventory([path], laptop({ files: { [path]: above() } }));
  if (items.some(isPlay)) return parsePlaybook(path, above(), operations);
  if (items.length > 0) return parsePlaybook(path, above('hosts: all', 'steps:'), operations);
  return { issues: [yaml.issue([], 'this is neither a playbook nor steps nor an inventory, and cannot be validated')] };
}

/** ```yaml fragment-of:FILE: a part of a playbook that is validated whole, where it alone would lack something. */
function part(document: Document, { line, lines }: Block, marked: string): readonly string[] {
  const [, file] = /^fragment-of:(playbooks\/[a-z-]+\.yaml)$/.exec(marked) ?? [];
  if (file === undefined) return [placed(document, line - 1, `"${marked}" is not fragment-of:playbooks/….yaml`)];
  const unindented = (text: string): string =>
    text
      .split('\n')
      .map((each) => each.trim())
      .join('\n');
  return unindented(readFileSync(join(root, file), 'utf8')).includes(unindented(lines.join('\n')))
    ? []
    : [placed(document, line, `this does not stand in ${file}`)];
}

const withYaml = documents.flatMap((document) => {
  const blocks = document.blocks.filter(({ info }) => info[0] === 'yaml');
  return blocks.length === 0 ? [] : [{ document, blocks }];
});

describe('what the documents show', () => {
  it.each(documents.filter(({ blocks }) => blocks.length > 0))('$path says of each block what it is', (document) => {
    const strange = document.blocks.filter(({ info: [language = ''] }) => !languages.includes(language));
    expect(
      strange.map(({ info, line }) =>
        placed(document, line - 1, `a block's language is one of ${languages.join(', ')}, not "${info.join(' ')}"`),
      ),
    ).toEqual([]);
  });

  it.each(withYaml)('$document.path: its playbooks, steps and inventories are valid', async ({ document, blocks }) => {
    expect((await Promise.all(blocks.map((block) => mistakesIn(document, block)))).flat()).toEqual([]);
  });
});

describe('a mistake in a block', () => {
  const mistakes = async (text: string): Promise<string> => {
    const document = parseDocument('a.md', text);
    return (await Promise.all(document.blocks.map((block) => mistakesIn(document, block)))).flat().join('\n');
  };

  it('of steps is told with its line in the document', async () => {
    expect(
      await mistakes(
        '# A\n\nB\n\n```yaml\n- grow_rootfs: { container: a, size: 1GiB }\n- grow_rootfs: { container: a, sise: 1GiB }\n```\n',
      ),
    ).toMatch(/^a\.md:7:\d+: unknown key "sise"/m);
  });

  it('of a playbook, of an inventory, and of neither', async () => {
    expect(await mistakes('A\n\n```yaml\nhosts: all\nsteps:\n  - frobnicate: {}\n```\n')).toMatch(
      /^a\.md:6:\d+: .*frobnicate/,
    );
    expect(await mistakes('A\n\n  ```yaml\n  hosts:\n    a: { prt: 22 }\n  ```\n')).toMatch(/^a\.md:5:\d+: .*prt/);
    expect(await mistakes('A\n\n```yaml\nservices: {}\n```\n')).toMatch(/^a\.md:4:1: this is neither/);
  });

  it('of a part of a playbook', async () => {
    expect(
      await mistakes('```yaml fragment-of:playbooks/grow-pool.yaml\n- name: Grow the thin pool\n  when: never\n```\n'),
    ).toBe('a.md:2: this does not stand in playbooks/grow-pool.yaml');
    expect(await mistakes('```yaml part\n- pause: {}\n```\n')).toMatch(/^a\.md:1: "part" is not/);
  });
});
