import picomatch from 'picomatch';

/** Whether a name holds one of the characters that make it a glob: `*`, `?`, `[abc]`. */
export function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/** Whole names only; `*`, `?` and `[abc]`, none of the shell's other extensions. */
export function globMatcher(glob: string): (name: string) => boolean {
  const matches = picomatch(glob, {
    dot: true,
    nobrace: true,
    noextglob: true,
    noglobstar: true,
    nonegate: true,
    strictBrackets: false,
  });
  // Most names of a large inventory differ from the first letters on.
  const head = /^[\w.*?[\]!^-]*$/.test(glob) ? (/^[\w-]*/.exec(glob)?.[0] ?? '') : '';
  return (name) => name.startsWith(head) && matches(name);
}
