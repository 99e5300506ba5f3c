import type { VersionRecord } from '../../records/version-record.ts';
import type { Json } from '../../values/json.ts';
import { isObject } from '../../values/json.ts';
import { formatBytes } from '../../values/size.ts';
import { oneLine } from '../../values/terminal.ts';
import { type Line, line, type Tone } from '../line.ts';
import { columnWidths, inColumns } from '../table.ts';
import { cut } from '../width.ts';

const heads = ['HOST', 'VERSION', 'STATE', 'WHAT', 'WHEN (UTC)', 'BY', 'RUN'];
const widestCell = 60;

/** A line for each version, in the order given. */
export function historyTable(versions: readonly VersionRecord[]): readonly Line[] {
  const rows = versions.map((version) => ({ version, cells: cellsOf(version) }));
  const widths = columnWidths(
    heads,
    rows.map(({ cells }) => cells),
  );
  return [
    line(inColumns(heads, widths), 'strong'),
    ...rows.map(({ version, cells }) => line(inColumns(cells, widths), tones[version.state])),
  ];
}

const tones: Readonly<Record<VersionRecord['state'], Tone>> = {
  current: 'good',
  pending: 'change',
  replaced: 'plain',
  abandoned: 'faint',
  undone: 'faint',
};

function cellsOf({ host, version, state, spec, at, who, run }: VersionRecord): readonly string[] {
  return [
    cell(host),
    String(version),
    state,
    cell(whatOf(spec)),
    oneLine(at.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/s, '$1 $2'), 25),
    cell(who),
    run === '' ? 'read from the host' : cell(run),
  ];
}

function cell(text: string): string {
  return cut(oneLine(text), widestCell);
}

/** `foo-2 20 GiB`; `app:1.4, memory 64 MiB, /data ← foo-2`. Of keys that a version does not have nothing is said. */
function whatOf(spec: VersionRecord['spec']): string {
  const { name, sizeBytes, image, memoryBytes, nanoCpus, mounts, method } = spec;
  const named = [name, image].filter((value) => typeof value === 'string').join(' ');
  const size = typeof sizeBytes === 'number' ? formatBytes(sizeBytes) : '';
  const how = method === 'in_place' ? '(in place)' : '';
  const limits = [
    typeof memoryBytes === 'number' && memoryBytes > 0 ? `memory ${formatBytes(memoryBytes)}` : '',
    typeof nanoCpus === 'number' && nanoCpus > 0 ? `cpus ${String(nanoCpus / 1e9)}` : '',
  ];
  return [
    [named, size, how].filter((part) => part !== '').join(' '),
    ...limits,
    ...(Array.isArray(mounts) ? mounts.map(mountOf) : []),
  ]
    .filter((part) => part !== '')
    .join(', ');
}

function mountOf(mount: Json): string {
  if (typeof mount === 'string') return mount;
  const { destination, name, source } = isObject(mount) ? mount : {};
  const from = typeof name === 'string' ? name : source;
  return typeof destination === 'string' ? `${destination}${typeof from === 'string' ? ` ← ${from}` : ''}` : '';
}
