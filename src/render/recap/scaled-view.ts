import type { ScaledRecord } from '../../records/scaled-record.ts';
import { formatBytes } from '../../values/size.ts';
import { oneLine } from '../../values/terminal.ts';
import { type Line, line } from '../line.ts';
import { columnWidths, inColumns } from '../table.ts';
import { cut } from '../width.ts';

const heads = ['INSTANCE', 'HOST', 'STATE', 'SIZE', 'WHEN (UTC)', 'BY', 'RUN'];
const widestCell = 60;

/** Each scaled volume with how many of its instances there are, and a line for each of these. */
export function scaledTable(records: readonly ScaledRecord[]): readonly Line[] {
  const rows = records.flatMap(({ instances }) => instances.map((instance) => cellsOf(instance)));
  const widths = columnWidths(heads, rows);
  const text = (cells: readonly string[]): string => `  ${inColumns(cells, widths)}`;
  return records.flatMap(({ name, scale, instances }, place) => [
    ...(place === 0 ? [] : [line('')]),
    line(
      `${cut(oneLine(name), widestCell)}: ${String(instances.length)}${scale === undefined ? '' : ` of ${String(scale)}`} in use`,
      'strong',
    ),
    ...(instances.length === 0 ? [] : [line(text(heads), 'faint')]),
    ...instances.map((instance) => line(text(cellsOf(instance)), instance.state === 'pending' ? 'change' : 'plain')),
  ]);
}

function cellsOf({
  volume,
  host,
  state,
  sizeBytes,
  at,
  who,
  run,
}: ScaledRecord['instances'][number]): readonly string[] {
  const when = oneLine(at.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/s, '$1 $2'), 25);
  return [
    cell(volume),
    cell(host),
    state === 'pending' ? 'being made' : 'there',
    sizeBytes === undefined ? '-' : formatBytes(sizeBytes),
    when,
    cell(who),
    run === '' ? 'read from the host' : cell(run),
  ];
}

function cell(text: string): string {
  return cut(oneLine(text), widestCell);
}
