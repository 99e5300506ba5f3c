import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

/** What each file of the source imports, by paths below src/; types too. */
const source = join(import.meta.dirname, '../../src');
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const imports = new Map(files.map((file) => [file, importsOf(file)]));

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(source, file), 'utf8');
  return [...text.matchAll(/^import [^;]*?from '(\.[^']+)'/gm)].map(([, path = '']) =>
    normalize(join(dirname(file), path)),
  );
}

/** The parts of a graph in which each can be reached from each, of two or more. */
function circles(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const reach = (from: string): ReadonlySet<string> => {
    const found = new Set<string>();
    const visit = (at: string): void => {
      for (const next of graph.get(at) ?? []) {
        if (!found.has(next)) {
          found.add(next);
          visit(next);
        }
      }
    };
    visit(from);
    return found;
  };
  const reached = new Map([...graph.keys()].map((one) => [one, reach(one)]));
  const inCircle = [...graph.keys()].filter((one) => reached.get(one)?.has(one) === true);
  const circleOf = (one: string): readonly string[] =>
    inCircle.filter((other) => reached.get(one)?.has(other) === true && reached.get(other)?.has(one) === true);
  return inCircle.map(circleOf).filter(([first], index) => first === inCircle[index]);
}

describe('dependencies go one way', () => {
  it('a circle is seen', () => {
    expect(
      circles(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
          ['d', []],
        ]),
      ),
    ).toEqual([['b', 'c']]);
  });

  it('between files', () => {
    expect(files.length).toBeGreaterThan(300);
    expect(circles(imports)).toEqual([]);
  });

  it('and between folders', () => {
    // main.ts begins everything, and everybody has errors.ts.
    const own = files.filter((file) => dirname(file) !== '.');
    const folders = new Map([...new Set(own.map(dirname))].map((folder) => [folder, foldersOf(folder)]));
    expect(circles(folders)).toEqual([]);
  });
});

function foldersOf(folder: string): readonly string[] {
  const imported = files.filter((file) => dirname(file) === folder).flatMap((file) => imports.get(file) ?? []);
  return [...new Set(imported.map(dirname))].filter((other) => other !== folder && other !== '.');
}

it('no folder of the source is so full that nobody finds anything', () => {
  const full = [...new Set(files.map(dirname))].filter(
    (folder) => files.filter((file) => dirname(file) === folder).length > 20,
  );
  expect(full).toEqual([]);
});
