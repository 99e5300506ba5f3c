import { describe, expect, it } from 'vitest';
import { parts, saidOf } from '../../scripts/docs/from-ansible.ts';
import { documents } from './documents.ts';

const page = documents.find(({ path }) => path === 'docs/from-ansible.md');

interface Row {
  readonly line: string;
  readonly said: string;
}

/** The rows of the table below a heading, as whoever reads the page sees them. */
function rowsBelow(heading: string): readonly Row[] {
  const prose = (page?.prose ?? []).map(({ text }) => text);
  const from = prose.indexOf(`## ${heading}`);
  const rest = prose.slice(from + 1);
  const next = rest.findIndex((text) => text.startsWith('## '));
  return rest.slice(0, next === -1 ? undefined : next).flatMap((text) => {
    const [, line, said] = /^\| `((?:[^|\\]|\\[^])+)` \| ((?:[^|\\]|\\[^])+) \|$/.exec(text) ?? [];
    return line === undefined || said === undefined
      ? []
      : [{ line: line.replaceAll('\\|', '|'), said: said.replaceAll('\\|', '|') }];
  });
}

describe.each(Object.entries(parts))('docs/from-ansible.md, "%s"', (heading, where) => {
  const rows = rowsBelow(heading);

  it('has rows', () => {
    expect(rows.length).toBeGreaterThan(20);
  });

  it.each(rows)('$line: the loader says what the table says', ({ line, said }) => {
    expect(saidOf(where, line)).toBe(said);
  });

  it.each(rows.filter(({ said }) => written(said).length > 0))(
    '$line: what is to be written instead is understood',
    ({ said }) => {
      // What is to be written beside hosts is no part of a step.
      for (const line of written(said)) {
        const key = /^\w+/.exec(line)?.[0] ?? '';
        const place = /^(?:hosts|vars|steps|become|batch|max_failures)$/.test(key)
          ? 'play'
          : where === 'module' && !/^(?:when|loop)$/.test(key)
            ? 'module'
            : 'step';
        if (!/^(?:hosts|steps|read_only)$/.test(key) && !line.startsWith('result.'))
          expect(saidOf(place, line)).toBe('');
      }
    },
  );
});

function written(said: string): readonly string[] {
  const [, lines = ''] = /(?:write|for example) (`.*`)/.exec(said) ?? [];
  return [...lines.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line);
}
