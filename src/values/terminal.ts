/**
 * What is shown to people is looked at, and approved, by its looks. So what cannot be seen is made visible:
 *
 * - what a terminal obeys, or what reorders a line: control and format characters (all of `\p{Cc}`, `\p{Cf}`), line
 *   and paragraph separators, lone surrogates;
 * - what takes no room or looks like a space: whatever Unicode lets a font ignore (zero-width characters, soft
 *   hyphens, tags, fillers, variation selectors), spaces that are not ASCII's, and the blank Braille pattern;
 * - a combining mark that stands on nothing, or is the fifth or a later one in a row: ordinary text has at most four;
 * - a Cyrillic, Greek, Armenian, Cherokee or Coptic letter within a word that has Latin letters: it may look like one of
 *   them. Those of Greek that do not, and stand for something (`5 μs`, `Δt`), stay.
 *
 * Text of any script stays as it is, and so do emoji; of those that are joined from several the joints are seen. A
 * word that is wholly in another script looks like a Latin one only to whoever does not see the quotes around it.
 */
const invisible =
  /(?![\t\n ])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Zs}\p{DI}\u2800]|(?<![\p{L}\p{M}\p{N}\p{S}])\p{M}|(?<=\p{M}{4})\p{M}/gu;

const alike = /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}]/u;
const allAlike = new RegExp(alike, 'gu');
const latin = /\p{Script=Latin}/u;
/** An escape (what `neutralise` has made, or JSON) is no part of the word behind it. */
const words = /\\(?:x[0-9a-f]{2}|u[0-9a-f]{4}|u\{[0-9a-f]+\}|[a-z])|[\p{L}\p{M}\p{N}_]+/gu;
const likeNoLatin = new Set('μΩΔΣΠΦπλθφψ');

const plain = /^[\t\n\x20-\x7e]*$/;

/** The text with what cannot be seen in it, or only seems to be what it looks like, as `escape` writes it. */
export function escapeInvisible(text: string, escape: (character: string) => string): string {
  if (plain.test(text)) return text;
  const seen = text.replaceAll(invisible, escape);
  if (!alike.test(seen)) return seen;
  return seen.replaceAll(words, (word) =>
    latin.test(word)
      ? word.replaceAll(allAlike, (letter) => (likeNoLatin.has(letter) ? letter : escape(letter)))
      : word,
  );
}

/**
 * What a host prints is untrusted: escape sequences could move the cursor, rename the window or
 * fake our own output. What cannot be seen becomes visible (`\x1b` → `\\x1b`), line feeds and tabs stay.
 */
export function neutralise(text: string): string {
  return escapeInvisible(text, (character) => {
    if (character === '\r') return '\\r';
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** Enough beyond the limit that a word which is cut there is known for what it is. */
const beyond = 1024;

/** The same on one line, for messages: line feeds become visible too, and the length is bounded, and with it the work. */
export function oneLine(text: string, limit = 400): string {
  const line = neutralise(text.trim().slice(0, limit + beyond))
    .replaceAll('\n', '\\n')
    .replaceAll('\t', ' ');
  return line.length > limit ? `${line.slice(0, limit)}…` : line;
}
