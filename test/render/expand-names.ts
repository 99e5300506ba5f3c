/** The inverse of `foldNames`, for tests: `web-[01-03,07], db-1` → the names. */
export function expandNames(folded: string): readonly string[] {
  if (folded === '') return [];
  return folded.split(', ').flatMap((set) => {
    const match = /^(.*)\[(.*)\](.*)$/.exec(set);
    const [, before, inside, after] = match ?? [];
    if (before === undefined || inside === undefined || after === undefined) return [set];
    return inside.split(',').flatMap((range) => {
      const [first = '', last = first] = range.split('-');
      const width = first.startsWith('0') ? first.length : 0;
      const size = Number(last) - Number(first) + 1;
      return Array.from(
        { length: size },
        (_, index) => `${before}${String(Number(first) + index).padStart(width, '0')}${after}`,
      );
    });
  });
}
