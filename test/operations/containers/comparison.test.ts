import { describe, expect, it } from 'vitest';
import { comparisonFunctions } from '../../../src/operations/containers/comparison-functions.ts';
import { runScript } from '../../facts/real-shell.ts';
import type { NeedName } from '../../support/needs.ts';

/** What the host's own comparison says of lines: names, what the old container has, what the new one has. */
function differences(names: readonly string[], was: readonly string[], is: readonly string[], before = ''): string {
  const file = (name: string, lines: readonly string[]): string => `cat >"$at/${name}" <<'PLIMSOLL_END'\n${lines.map((line) => `${line}\n`).join('')}PLIMSOLL_END\n`;
  return runScript(`at=$(mktemp -d)\ntrap 'rm -rf "$at"' EXIT\n${comparisonFunctions}\n${before}\n${file('names', names)}${file('was', was)}${file('is', is)}differences "$at/names" "$at/was" "$at/is"`).stdout;
}

const awks: readonly { readonly name: string; readonly awk: string; readonly tags: NeedName[] }[] = [
  { name: "this machine's awk", awk: '', tags: [] },
  { name: "busybox' awk", awk: 'awk() { busybox awk "$@"; }', tags: ['lab:busybox'] },
];

for (const { name, awk, tags } of awks) describe(`the comparison on the host, with ${name}`, { tags }, () => {
  it('says nothing of what is equal, and names what is not', () => {
    expect(differences(['a', 'b'], ['{"x":1}', '10'], ['{"x":1}', '10'], awk)).toBe('');
    expect(differences(['a', 'b'], ['{"x":1}', '10'], ['{"x":2}', '10.0'], awk)).toBe('a\nb\n');
    expect(differences(['a'], ['"1e3"'], ['"1000"'], awk)).toBe('a\n');
    // A template that ends with a line feed gives an empty line.
    expect(differences(['a'], ['1'], ['1', ''], awk)).toBe('');
  });

  it('takes all that Docker writes for nothing as the same', () => {
    const nothing = ['null', 'false', '0', '""', '[]', '{}'];
    expect(differences(nothing, nothing, nothing.toReversed(), awk)).toBe('');
    expect(differences(['a', 'b', 'c'], ['null', '[]', '{}'], ['true', '[1]', '{"a":null}'], awk)).toBe('a\nb\nc\n');
  });

  it('says so when one of them could not be read', () => {
    expect(differences(['a', 'b'], ['1', '2'], [], awk)).toMatch(/a\nb\ndocker inspect/);
    expect(differences(['a', 'b'], [], ['1', '2'], awk)).not.toBe('');
    expect(differences([], [], [], awk)).toBe('docker inspect\n');
    expect(differences(['a'], ['1'], ['1', '2'], awk)).toBe('docker inspect\n');
  });

  it('is no agreement when it fails itself', () => {
    expect(differences(['a'], ['1'], ['1'], 'awk() { return 2; }')).toBe('the comparison itself\n');
  });
});
