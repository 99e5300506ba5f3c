/** Lines before and after a difference that are shown with it. */
const context = 3;
/** Beyond so many comparisons what is different is shown as a whole. */
const mostComparisons = 4_000_000;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** How `to` differs from `from`, as the hunks of a unified diff, without its two lines of names. Empty when they are equal. */
export function lineDiff(from: readonly string[], to: readonly string[]): readonly string[] {
  const edits = editsOf(from, to);
  const isNear = nearDifferences(edits);
  const lines: string[] = [];
  let hunk: Edit[] = [];
  let [fromLine, toLine] = [1, 1];
  const end = (): void => {
    if (hunk.length === 0) return;
    const [olds, news] = [
      hunk.filter(({ sign }) => sign !== '+').length,
      hunk.filter(({ sign }) => sign !== '-').length,
    ];
    lines.push(`@@ -${range(fromLine - olds, olds)} +${range(toLine - news, news)} @@`);
    for (const { sign, text } of hunk) lines.push(`${sign}${text}`);
    hunk = [];
  };
  for (const [index, edit] of edits.entries()) {
    if (isNear[index] === true) hunk.push(edit);
    else end();
    if (edit.sign !== '+') fromLine += 1;
    if (edit.sign !== '-') toLine += 1;
  }
  end();
  return lines;
}

/** As diff has it: an empty range stands behind the line that it names. */
function range(start: number, length: number): string {
  return length === 1 ? String(start) : `${String(length === 0 ? start - 1 : start)},${String(length)}`;
}

function nearDifferences(edits: readonly Edit[]): readonly boolean[] {
  const isNear = edits.map(() => false);
  for (const [index, { sign }] of edits.entries())
    if (sign !== ' ') isNear.fill(true, Math.max(0, index - context), index + context + 1);
  return isNear;
}

function editsOf(from: readonly string[], to: readonly string[]): readonly Edit[] {
  let head = 0;
  while (head < from.length && head < to.length && from[head] === to[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(from.length, to.length) - head && from.at(-1 - tail) === to.at(-1 - tail)) tail += 1;
  const same = (lines: readonly string[]): readonly Edit[] => lines.map((text) => ({ sign: ' ', text }));
  return [
    ...same(from.slice(0, head)),
    ...middle(from.slice(head, from.length - tail), to.slice(head, to.length - tail)),
    ...same(from.slice(from.length - tail)),
  ];
}

/** By the longest common subsequence, where that is not too dear. */
function middle(from: readonly string[], to: readonly string[]): readonly Edit[] {
  const edits: Edit[] = [];
  let [at, other] = [0, 0];
  if (from.length * to.length <= mostComparisons) {
    const width = to.length + 1;
    const common = new Uint32Array((from.length + 1) * width);
    const commonAt = (row: number, column: number): number => common[row * width + column] ?? 0;
    for (let row = from.length - 1; row >= 0; row -= 1)
      for (let column = to.length - 1; column >= 0; column -= 1)
        common[row * width + column] =
          from[row] === to[column]
            ? commonAt(row + 1, column + 1) + 1
            : Math.max(commonAt(row + 1, column), commonAt(row, column + 1));
    while (at < from.length && other < to.length) {
      if (from[at] === to[other]) {
        edits.push({ sign: ' ', text: from[at] ?? '' });
        at += 1;
        other += 1;
      } else if (commonAt(at + 1, other) >= commonAt(at, other + 1)) {
        edits.push({ sign: '-', text: from[at] ?? '' });
        at += 1;
      } else {
        edits.push({ sign: '+', text: to[other] ?? '' });
        other += 1;
      }
    }
  }
  for (const text of from.slice(at)) edits.push({ sign: '-', text });
  for (const text of to.slice(other)) edits.push({ sign: '+', text });
  return edits;
}
