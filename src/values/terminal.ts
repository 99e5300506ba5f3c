/**
 * What a host prints is untrusted: escape sequences could move the cursor, rename the window or
 * fake our own output. Control characters become visible (`\x1b` → `\\x1b`), line feeds and tabs stay.
 */
export function neutralise(text: string): string {
  // Everything in C0 and C1 except \t and \n, plus the bidirectional overrides that reorder a line.
  return text.replaceAll(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
    if (character === '\r') return '\\r';
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same on one line, for messages: line feeds become visible too, and the length is bounded. */
export function oneLine(text: string, limit = 400): string {
  const line = neutralise(text.trim()).replaceAll('\n', '\\n').replaceAll('\t', ' ');
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
