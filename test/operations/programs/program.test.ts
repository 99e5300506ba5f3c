import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { command } from '../../../src/operations/programs/command.ts';
import type { Operation } from '../../../src/operations/engine/operation.ts';
import { script } from '../../../src/operations/programs/script.ts';
import { applyHere, knowHere, planHere } from '../on-this-machine.ts';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'plimsoll-program-'));
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

/** Reads with this machine's own shell. */
function result<Want>(operation: Operation<Want>, input: unknown): unknown {
  const want = operation.schema.parse(input);
  const known = knowHere(operation, want);
  operation.plan(want, known);
  return operation.result?.(want, known, undefined);
}

function run<Want>(operation: Operation<Want>, input: unknown): void {
  const planned = planHere(operation, operation.schema.parse(input));
  if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
  for (const { actions } of planned.changes) applyHere(actions);
}

describe('command', () => {
  it('passes every word as it is', () => {
    const words = ['$(id)', '; rm -rf /', "it's", '*', '', 'a\nb'];
    expect(result(command, { argv: ['printf', '<%s>', ...words], read_only: true })).toMatchObject({
      status: 0,
      stdout: words.map((word) => `<${word}>`).join(''),
    });
  });

  it('gives lines, standard input, a directory and the statuses that are a success', () => {
    expect(
      result(command, {
        argv: ['sh', '-c', 'cat; pwd; echo oops >&2; exit 3'],
        read_only: true,
        stdin: "it's\n",
        chdir: base,
        success: [0, 3],
      }),
    ).toEqual({
      status: 3,
      stdout: `it's\n${base}\n`,
      stderr: 'oops\n',
      lines: ["it's", base],
    });
    expect(result(command, { argv: ['true'], read_only: true })).toMatchObject({ lines: [] });
  });

  it('fails with the reason when a reading command does', () => {
    const want = command.schema.parse({ argv: ['sh', '-c', 'echo no >&2; exit 4'], read_only: true });
    expect(() => planHere(command, want)).toThrow(
      expect.objectContaining({ code: 'action-failed', message: expect.stringMatching(/status 4: no/) }),
    );
    expect(() =>
      planHere(command, command.schema.parse({ argv: ['pwd'], read_only: true, chdir: join(base, 'missing') })),
    ).toThrow(/status 126/);
  });

  it('is one action, with nothing to take it back', () => {
    expect(planHere(command, command.schema.parse(['systemctl', 'restart', 'my service']))).toEqual({
      outcome: 'change',
      changes: [
        {
          summary: "run: systemctl restart 'my service'",
          before: {},
          after: {},
          actions: [{ kind: 'exec', argv: ['systemctl', 'restart', 'my service'], success: [0] }],
          undo: 'irreversible',
          atomic: false,
          bindings: {},
        },
      ],
    });
    expect(command.touches(command.schema.parse(['x']), knowHere(command, command.schema.parse(['x'])))).toEqual({
      reads: ['*'],
      changes: ['*'],
    });
  });

  it('does nothing where what it creates exists, and runs in its directory where it does not', () => {
    const want = { argv: ['touch', 'made'], creates: join(base, 'made'), chdir: base };
    run(command, want);
    expect(planHere(command, command.schema.parse(want))).toMatchObject({
      outcome: 'noop',
      reason: `${join(base, 'made')} exists`,
    });
  });

  it.each([
    [[]],
    ['ls -l'],
    [{ argv: ['x'], creates: 'relative' }],
    [{ argv: ['x'], success: [300] }],
    [{ argv: ['x'], read_only: true, creates: '/x' }],
    [{ argv: ['x'], shell: true }],
  ])('its schema refuses %j', (want) => {
    expect(command.schema.safeParse(want).success).toBe(false);
  });
});

describe('script', () => {
  it('gives arguments as they are, and an empty input that eats no script', () => {
    expect(
      result(script, {
        text: 'cat\nprintf "<%s>" "$@"\necho; echo last',
        args: ['a b', "it's", '$x'],
        read_only: true,
      }),
    ).toMatchObject({ status: 0, lines: ["<a b><it's><$x>", 'last'] });
  });

  it.each([
    ['a comment only', '# nothing\n', ''],
    ['a comment at its end', 'echo one # two', 'one\n'],
    ['a here-document', 'cat <<END\nin it\nEND', 'in it\n'],
    ['a shell of its own', '#!/bin/bash -e\na=(x y); echo ${a[1]}; false; echo not reached', 'y\n'],
  ])('runs %s', (_what, text, stdout) => {
    expect(result(script, { text, read_only: true, success: [0, 1] })).toMatchObject({ stdout });
  });

  it('passes its exit status on', () => {
    expect(() => planHere(script, script.schema.parse({ text: 'exit 5', read_only: true }))).toThrow(/status 5/);
  });

  it('has its text on standard input, not in an argument', () => {
    const planned = planHere(script, script.schema.parse('secret=1\ntrue'));
    expect(planned).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: 'run: secret=1 … (2 lines)',
          actions: [{ argv: ['/bin/sh', '-s', '--'], stdin: expect.stringContaining('secret=1') }],
        },
      ],
    });
  });

  it('runs and creates', () => {
    writeFileSync(join(base, 'a'), '');
    const want = { text: 'cp "$1" "$2"', args: [join(base, 'a'), join(base, 'b')], creates: join(base, 'b') };
    run(script, want);
    expect(planHere(script, script.schema.parse(want)).outcome).toBe('noop');
  });

  it.each([[''], ['  \n'], ['#!/usr/bin/python3\nprint(1)'], [{ text: 'x', file: 'y' }], [['echo']]])(
    'its schema refuses %j',
    (want) => {
      expect(script.schema.safeParse(want).success).toBe(false);
    },
  );
});
