import type { ConfigIssue } from '../../errors.ts';
import { neutralise } from '../../values/terminal.ts';
import type { Place } from '../model/types.ts';

/** The text of one file, with what is needed to point into it. Offsets are UTF-16 code units from 0. */
export interface Source {
  readonly file: string;
  readonly text: string;
  /** The offset at which each line starts. */
  readonly lineStarts: readonly number[];
}

/** From `start` up to, not including, `end`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export function makeSource(file: string, text: string): Source {
  const lineStarts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineStarts.push(at + 1);
  return { file, text, lineStarts };
}

function lineIndex(source: Source, offset: number): number {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((source.lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

function lineText(source: Source, index: number): string {
  const end = source.lineStarts[index + 1] ?? source.text.length;
  return source.text.slice(source.lineStarts[index], end).replace(/\r?\n$/, '');
}

export function placeAt(source: Source, offset: number): Place {
  const inside = Math.min(Math.max(offset, 0), source.text.length);
  const index = lineIndex(source, inside);
  const before = source.text.slice(source.lineStarts[index], inside);
  return { file: source.file, line: index + 1, column: [...before].length + 1 };
}

export function showPlace(place: Place): string {
  return `${place.file}:${String(place.line)}:${String(place.column)}`;
}

export function issueAt(source: Source, span: Span, message: string): ConfigIssue {
  const { file, line, column } = placeAt(source, span.start);
  return { file, line, column, message: neutralise(message).replaceAll('\n', '\\n'), frame: frameOf(source, span) };
}

/** In the order in which they are met when reading the files. */
export function inOrder(issues: readonly ConfigIssue[]): readonly ConfigIssue[] {
  const files = [...new Set(issues.map(({ file }) => file))];
  return [...issues].sort(
    (a, b) =>
      files.indexOf(a.file) - files.indexOf(b.file) ||
      (a.line ?? 0) - (b.line ?? 0) ||
      (a.column ?? 0) - (b.column ?? 0),
  );
}

const frameWidth = 100;
const wide =
  /^(?:[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic})$/u;

/** How many columns a terminal gives to one character. */
function columnsOf(character: string): number {
  if (/^\p{M}$/u.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

function width(text: string): number {
  return [...text].reduce((sum, character) => sum + columnsOf(character), 0);
}

const printable = (text: string): string => neutralise(text).replaceAll('\t', '    ');

/** A frame is printed and copied into tickets, so a password written out in the file is starred in it, also where an encrypted one should be. */
function hideSecrets(line: string): string {
  return line.replaceAll(
    /((?:(?:pass|secret|token)\w*|\bage)["']?\s*[:=]\s*)("(?:[^"\\]|\\.)*"|'[^']*'|[^\s{[,}#][^,}#]*)/gi,
    (_all, key: string, value: string) => key + '*'.repeat(value.length),
  );
}

/** The line with a caret under the place; a long line is cut around it. */
function frameOf(source: Source, span: Span): string {
  const index = lineIndex(source, Math.min(span.start, source.text.length));
  const line = hideSecrets(lineText(source, index));
  const column = Math.min(span.start - (source.lineStarts[index] ?? 0), line.length);
  const marked = line.slice(column, column + Math.max(1, span.end - span.start));
  const from = Math.max(0, Math.min(column - frameWidth / 2, line.length - frameWidth));
  const head = `${from > 0 ? '…' : ''}${printable(line.slice(from, column))}`;
  const tail = line.slice(column, from + frameWidth);
  const shown = `${head}${printable(tail)}${from + frameWidth < line.length ? '…' : ''}`;
  const carets = '^'.repeat(Math.max(1, Math.min(width(printable(marked.trimEnd())), width(printable(tail)))));
  const number = String(index + 1);
  return `${number} | ${shown}\n${' '.repeat(number.length)} | ${' '.repeat(width(head))}${carets}`;
}
