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
  return (name) => matches(name);
}
