/**
 * How many columns of a terminal a text takes, by a simple rule: East Asian wide characters and
 * pictographs two, combining and invisible ones none, all others one. Terminals differ at the edges,
 * so whoever draws must not rely on it to the last column.
 */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** The text in at most so many columns, with `…` where something was cut off. Work is bounded by the columns. */
export function cut(text: string, columns: number): string {
  if (columns <= 0) return '';
  let width = 0;
  let end = 0;
  // Where the text would have to end to leave room for the ellipsis.
  let endWithEllipsis = 0;
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns) return `${text.slice(0, endWithEllipsis)}…`;
    end += character.length;
    if (width < columns) endWithEllipsis = end;
  }
  return text;
}

const invisible = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const wide =
  /^[\u1100-\u115f\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f004}\u{1f0cf}\u{1f18e}\u{1f191}-\u{1f19a}\u{1f200}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f7e0}-\u{1f7eb}\u{1f90c}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]$/u;

function characterWidth(character: string): number {
  if (character >= ' ' && character <= '~') return 1;
  if (invisible.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
