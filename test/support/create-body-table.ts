import { createBody, fateOfKey, type KeyFate } from '../../src/operations/containers/body/create-body.ts';
import fixture from '../fixtures/create-body-keys.json' with { type: 'json' };

export interface DocumentedKey {
  readonly key: string;
  /** The first and the last version of the API that has it; 1.N. */
  readonly since: number;
  readonly until: number;
}

/** Every key that some version of the API documents (scripts/create-body-keys.ts). */
export const documentedKeys: readonly DocumentedKey[] = Object.entries<readonly number[]>(fixture.keys).map(
  ([key, [since = 0, until = 0]]) => ({ key, since, until }),
);

/** As the source's table names it: what has keys of its own may stand for them. */
function entryOf(key: string): string {
  return (
    Object.keys(createBody)
      .filter((known) => key === known || (key.startsWith(known) && /^(\.|\[)/.test(key.slice(known.length))))
      .toSorted((a, b) => b.length - a.length)[0] ?? key
  );
}

function said(fate: KeyFate | undefined): string {
  if (fate === undefined) return 'refused, as any key that is not known';
  if (fate === 'carried') return 'carried over as it is';
  if ('composed' in fate) return `carried over: ${fate.composed}`;
  return 'refused' in fate ? `refused: ${fate.refused}` : `of no meaning: ${fate.nothing}`;
}

/** A document with what stands between its two marks made anew. */
export function withCreateBodyTable(document: string): string {
  const [begin, end] = ['<!-- create-body -->', '<!-- /create-body -->'];
  const [before, after] = [document.split(begin)[0], document.split(end)[1]];
  if (before === undefined || after === undefined) throw new Error(`there is no ${begin} … ${end}`);
  const spans = new Map<string, [number, number]>();
  for (const { key, since, until } of documentedKeys) {
    const [first, last] = spans.get(entryOf(key)) ?? [since, until];
    spans.set(entryOf(key), [Math.min(first, since), Math.max(last, until)]);
  }
  const rows = [...spans]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, [since, until]]) => `| \`${key}\` | 1.${String(since)}–1.${String(until)} | ${said(fateOfKey(key))} |`);
  return `${before}${begin}\nFrom ${fixture.source}.\n\n| key | API | what becomes of it |\n|---|---|---|\n${rows.join('\n')}\n${end}${after}`;
}
