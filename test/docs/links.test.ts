import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { matchesGlob } from '../../src/facts/containers/container-selection.ts';
import { documents, parseDocument, placed, root, type Document } from './documents.ts';

const byPath = new Map(documents.map((document) => [document.path, document]));

/** What is wrong with the links of a document to files of the project, and to what is in them. */
function brokenLinks(document: Document): readonly string[] {
  return document.links.flatMap(({ line, text: target }) => {
    const [, file = '', anchor] = /^([^#]*)(?:#(.*))?$/.exec(target) ?? [];
    if (/^[a-z]+:/.test(target)) return [];
    const path = file === '' ? document.path : posix.join(posix.dirname(document.path), file);
    if (!existsSync(join(root, path)) && path !== document.path) return [placed(document, line, `there is no ${path}`)];
    const linked = path === document.path ? document : byPath.get(path);
    return anchor === undefined || linked?.anchors.has(anchor) === true
      ? []
      : [placed(document, line, `${path} has no #${anchor}`)];
  });
}

const files = ['src', 'test', 'lab', 'bench', 'scripts', 'docs', 'playbooks', 'schemas'].flatMap((folder) => [
  folder,
  ...readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
]);
const folders = new Set(files.filter((path) => statSync(join(root, path)).isDirectory()));

/** A file or folder of the project, as it is named: from the root, or from any folder. `{a,b}` stands for several. */
function isThere(named: string): boolean {
  const [, before = '', choices, after = ''] = /^(.*?)\{([^}]*)\}(.*)$/.exec(named) ?? [];
  if (choices !== undefined) return choices.split(',').every((choice) => isThere(`${before}${choice}${after}`));
  const path = named.replace(/\/$/, '');
  return (
    files.some((file) => file === path || file.endsWith(`/${path}`) || matchesGlob(path, file)) &&
    (path === named || folders.has(path) || files.some((file) => file.endsWith(`/${path}`)))
  );
}

/** What is named as source: what begins with a folder of the project, and what ends like a module. */
const source = /^(?:src|test|lab|bench|scripts|playbooks|schemas)\/[\w./{},*-]*$|^[\w./{},-]+\.(?:ts|mjs)$/;

function missingSources(document: Document): readonly string[] {
  return document.code.flatMap(({ line, text }) =>
    source.test(text) && !isThere(text) ? [placed(document, line, `there is no ${text}`)] : [],
  );
}

describe('links and names of files', () => {
  it.each(documents)('in $path lead somewhere', (document) => {
    expect(brokenLinks(document)).toEqual([]);
  });

  it.each(documents)('of the source in $path are right', (document) => {
    expect(missingSources(document)).toEqual([]);
  });
});

describe('a link that leads nowhere', () => {
  const document = parseDocument(
    'docs/a.md',
    [
      '# A heading, `coded` and [linked](b.md)',
      '<a id="own"></a>[x](#a-heading-coded-and-linked) [y](#own) `[z](none.md)` [i](https://example.org/#x)',
      '',
      '[j](none.md) [k](#none) [l](pools.md#none)',
      '`scripts/none.ts` `run/none.ts` `src/run/{run,none}.ts` `src/none/`',
      '`run/run.ts` `src/run/report/{event,recap}.ts` `src/run/`',
    ].join('\n'),
  );

  it('is told with its line', () => {
    expect(brokenLinks(document)).toEqual([
      'docs/a.md:1: there is no docs/b.md',
      'docs/a.md:4: there is no docs/none.md',
      'docs/a.md:4: docs/a.md has no #none',
      'docs/a.md:4: docs/pools.md has no #none',
    ]);
  });

  it('and so is a name of a file that is not there', () => {
    expect(missingSources(document)).toEqual(
      ['scripts/none.ts', 'run/none.ts', 'src/run/{run,none}.ts', 'src/none/'].map(
        (name) => `docs/a.md:5: there is no ${name}`,
      ),
    );
  });
});
