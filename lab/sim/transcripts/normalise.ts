import type { Answer } from './transcribe.ts';

/** What must differ between two hosts, and nothing else: names made of hashes, ids, times, how much is used. */
const rules: readonly (readonly [RegExp, string])[] = [
  [/docker-\d+:\d+-\d+/g, 'docker-DEV'],
  [/LVM-[A-Za-z0-9]{64}/g, 'LVM-UUID'],
  [/\b[0-9a-f]{64}\b/g, 'HASH'],
  [/\/proc\/\d+/g, '/proc/PID'],
  // The kernel's clock.
  [/\[ *\d+\.\d{6}\]/g, '[TIME]'],
  // Sectors and blocks in use, of a thin device and of a pool.
  [/\bthin \d+ (\d+)$/gm, 'thin USED $1'],
  [/\b\d+\/(\d+) \d+\/(\d+) - /g, 'USED/$1 USED/$2 - '],
  [
    /^(stat\.(?:ino|size|blocks)|fsxattr\.(?:xflags|n\w+)|dioattr\.\w+|counts\.\w+|statfs\.f_(?:bavail|ffree|files)) = .*$/gm,
    '$1 = N',
  ],
  [/: .* trimmed$/gm, ': N trimmed'],
  [/^(#\d+) +\d+( +\d+ +\d+ )/gm, '$1 USED$2'],
  // An error of a template names the column, which moves with the text before it.
  // The client's own description of itself and of nothing.
  [/^\{.*"ClientInfo":.*\}$/gm, '{CLIENT}'],
  [/template: :1:\d+:/g, 'template: :1:N:'],
];

export function normalise(text: string): string {
  return rules.reduce((rest, [pattern, replacement]) => rest.replace(pattern, replacement), text);
}

/** Calls that print how much is used, where only these words of each line are compared. */
const comparedWords: Readonly<Record<string, readonly number[]>> = {
  'df through the container': [0],
  'size of the layer': [0, 1],
  'raise it': [0],
  'the layer': [],
};

export function comparable({ name, status, stdout, stderr }: Answer): Answer {
  const words = comparedWords[name];
  const text = normalise(stdout);
  const shown =
    words === undefined
      ? text
      : text
          .split('\n')
          .map((line) => (/\d{4}/.test(line) ? pick(line, words) : line.trim().replace(/ +/g, ' ')))
          .join('\n');
  return { name, status, stdout: shown, stderr: normalise(stderr) };
}

function pick(line: string, words: readonly number[]): string {
  const all = line.trim().split(/ +/);
  return words.map((index) => all[index] ?? '').join(' ');
}

/** The types of a value at every place; names that are made of hashes are normalised, lists show what their items are. */
export function shape(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shape(item))))].sort();
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [normalise(key), shape(inner)]));
}
