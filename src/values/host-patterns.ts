/** Whether a list of OpenSSH's patterns means a name: a negated one that matches takes it out of the whole list. */
export function matchesPatterns(patterns: readonly string[], name: string): boolean {
  const matching = patterns.filter((pattern) => matchesPattern(pattern.replace(/^!/, ''), name));
  return matching.length > 0 && !matching.some((pattern) => pattern.startsWith('!'));
}

/** `*` and `?`, and nothing else. */
function matchesPattern(pattern: string, name: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === name;
  const source = pattern
    .replaceAll(/[\\^$.|+()[\]{}]/g, String.raw`\$&`)
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(name);
}
