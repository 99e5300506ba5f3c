import { oneLine } from '../../values/terminal.ts';
import { grouped } from '../../values/grouped.ts';
import { type Line, line, type Tone } from '../line.ts';
import { columnWidths, inColumns } from '../table.ts';

/** What a scan has found of one host. */
export interface ShownKey {
  readonly host: string;
  /** `address:port`. */
  readonly place: string;
  /** Absent when no key was seen. */
  readonly key?: { readonly type: string; readonly fingerprint: string };
  readonly state: 'known' | 'new' | 'vouched for' | 'changed' | 'contradicted' | 'revoked' | 'not seen' | 'behind';
  /** What is wrong, or where it is known from. */
  readonly why?: string;
  readonly hint?: string;
}

const heads = ['HOST', 'ADDRESS', 'KEY', 'FINGERPRINT', 'STATE'];

const tones: Readonly<Record<ShownKey['state'], Tone>> = {
  known: 'faint',
  new: 'caution',
  'vouched for': 'good',
  changed: 'bad',
  contradicted: 'bad',
  revoked: 'bad',
  'not seen': 'bad',
  behind: 'idle',
};

/** One line for each host; then what is wrong with some of them, each once, and who presents one key together. */
export function trustTable(keys: readonly ShownKey[]): readonly Line[] {
  const rows = keys.map((shown) => ({ shown, cells: cellsOf(shown) }));
  const widths = columnWidths(
    heads,
    rows.map(({ cells }) => cells),
  );
  return [
    line(inColumns(heads, widths), 'strong'),
    ...rows.map(({ shown, cells }) => line(inColumns(cells, widths), tones[shown.state])),
    ...keys.flatMap(troubles),
    ...sharedBy(keys),
  ];
}

function cellsOf({ host, place, key, state, why }: ShownKey): readonly string[] {
  const told = state === 'vouched for' ? `${state} by ${oneLine(why ?? '')}` : state;
  return [oneLine(host), oneLine(place), oneLine(key?.type ?? '-'), oneLine(key?.fingerprint ?? '-'), told];
}

function troubles({ host, state, why, hint }: ShownKey): readonly Line[] {
  if (why === undefined || state === 'known' || state === 'vouched for') return [];
  const tone = tones[state];
  return [line(`${host}: ${why}`, tone), ...(hint === undefined ? [] : [line(`  → ${hint}`, tone)])];
}

/** Machines copied with their keys, one machine under several names, or somebody in between: a look is worth it. */
function sharedBy(keys: readonly ShownKey[]): readonly Line[] {
  const seen = keys.filter(({ key }) => key !== undefined);
  return [...grouped(seen, ({ key }) => key?.fingerprint ?? '').values()]
    .filter((same) => new Set(same.map(({ place }) => place)).size > 1)
    .map((same) =>
      line(
        `one key at several addresses (${same.map(({ host }) => oneLine(host)).join(', ')}): one machine, copies of one that have its keys, or somebody in between`,
        'caution',
      ),
    );
}
