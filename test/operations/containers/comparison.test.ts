import { describe, expect, it } from 'vitest';
import { comparisonFunctions } from '../../../src/operations/containers/replace/comparison-functions.ts';
import { shell } from '../../../src/shell/shell.ts';
import { runScript } from '../../facts/real-shell.ts';
import type { NeedName } from '../../support/needs.ts';

/** `of CONTAINER TEMPLATE`, which tells what is not there from what could not be read. */
const inspectFunction = shell('operations/containers/replace/inspect.sh');

/** What the host's own comparison says of lines: names, what the old container has, what the new one has. */
function differences(names: readonly string[], was: readonly string[], is: readonly string[], before = ''): string {
  const file = (name: string, lines: readonly string[]): string =>
    `cat >"$at/${name}" <<'PLIMSOLL_END'\n${lines.map((line) => `${line}\n`).join('')}PLIMSOLL_END\n`;
  return runScript(
    `at=$(mktemp -d)\ntrap 'rm -rf "$at"' EXIT\n${comparisonFunctions}\n${before}\n${file('names', names)}${file('was', was)}${file('is', is)}differences "$at/names" "$at/was" "$at/is"`,
  ).stdout;
}

const awks: readonly { readonly name: string; readonly awk: string; readonly tags: NeedName[] }[] = [
  { name: "this machine's awk", awk: '', tags: [] },
  { name: "busybox' awk", awk: 'awk() { busybox awk "$@"; }', tags: ['lab:busybox'] },
];

for (const { name, awk, tags } of awks)
  describe(`the comparison on the host, with ${name}`, { tags }, () => {
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

/** What the host says of all that docker inspect shows of two containers, `may` being what may differ. */
function others(
  may: readonly string[],
  was: Readonly<Record<string, string>>,
  is: Readonly<Record<string, string>>,
  before = '',
): string {
  const lines = (of: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries({ Id: '"x"', ...of }).map(([key, value]) => `${key}\t${value}`);
  const file = (name: string, all: readonly string[]): string =>
    `cat >"$at/${name}" <<'PLIMSOLL_END'\n${all.map((line) => `${line}\n`).join('')}PLIMSOLL_END\n`;
  return runScript(
    `at=$(mktemp -d)\ntrap 'rm -rf "$at"' EXIT\n${comparisonFunctions}\n${before}\n${file('may', may)}${file('was', lines(was))}${file('is', lines(is))}others "$at/may" "$at/was" "$at/is"`,
  ).stdout;
}

for (const { name, awk, tags } of awks)
  describe(`all that docker inspect shows, with ${name}`, { tags }, () => {
    it('is compared by its names, in whatever order', () => {
      expect(others(['Id'], { a: '1', b: '{"x":"\t"}' }, { b: '{"x":"\t"}', a: '1' }, awk)).toBe('');
      expect(others(['Id'], { a: '1', b: '2' }, { b: '3', a: '1' }, awk)).toBe('b\n');
    });

    it('names what only one of them has, unless that is nothing', () => {
      expect(others(['Id'], { gone: '1' }, { come: 'true' }, awk)).toBe('gone\ncome\n');
      expect(others(['Id'], { gone: 'null', other: '[]' }, { come: 'false', more: '{}', other: '""' }, awk)).toBe('');
    });

    it('leaves out what may differ, by name or by its beginning, and nothing else', () => {
      expect(
        others(
          ['Id', 'mount "/a b".*', 'Name'],
          { 'mount "/a b".Source': '1', Name: '"o"', Names: '1' },
          { 'mount "/a b".Type': '2', Name: '"n"', Names: '2' },
          awk,
        ),
      ).toBe('Names\n');
    });

    it('is no agreement when one of them was not read, or the comparison fails', () => {
      expect(
        runScript(
          `at=$(mktemp -d)\n${comparisonFunctions}\n${awk}\nprintf 'Id\\n' >"$at/may"; printf 'Id\\t1\\n' >"$at/was"; : >"$at/is"; others "$at/may" "$at/was" "$at/is"; rm -rf "$at"`,
        ).stdout,
      ).toBe('docker inspect\n');
      expect(others(['Id'], {}, {}, 'awk() { return 2; }')).toBe('the comparison itself\n');
    });
  });

describe('a container that cannot be read', () => {
  const faithful = (docker: string): ReturnType<typeof runScript> =>
    runScript(
      `work=$(mktemp -d)\ntrap 'rm -rf "$work"' EXIT\nfail() { printf '%s\\n' "$*" >&2; exit 1; }\n${inspectFunction}\n${comparisonFunctions}\ndocker() { ${docker}; }\nold=o new=n name=app c=1\ncreated_1() { same_names=Config.Env same_template='{{json .Config.Env}}' same_is='{{json .Config.Env}}' names=networks template='{{index . "bridge"}}' texts=null mounts= may=Id; }\nfaithful created`,
    );

  it('is told by its own error, and not by the names of all that could not be compared', () => {
    const { status, stderr } = faithful(
      `case "$*" in *bridge*) echo 'template parsing error: error calling index: index of untyped nil' >&2; return 1 ;; esac; echo null`,
    );
    expect(status).toBe(1);
    expect(stderr).toBe(
      'template parsing error: error calling index: index of untyped nil\nthe new app could not be compared with the old one\n',
    );
  });

  it('is not one that is not there', () => {
    const of = (docker: string): number =>
      runScript(`${inspectFunction}\ndocker() { ${docker}; }\nof app '{{.Id}}'`).status;
    expect([
      of('echo id'),
      of("echo 'Error: No such container: app' >&2; return 1"),
      of("echo 'Cannot connect to the Docker daemon' >&2; return 1"),
    ]).toEqual([0, 1, 2]);
  });
});
