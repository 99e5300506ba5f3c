import * as z from 'zod';
import { AppError } from '../../errors.ts';
import { argvFact, fedArgvFact, programOutput } from '../../facts/argv.ts';
import type { FactRequest, ProgramFeed } from '../../facts/fact.ts';
import { ask, askWith } from '../../facts/fact.ts';
import { hostFile } from '../../facts/host/file.ts';
import type { ProgramOutput } from '../../facts/argv.ts';
import type { Json } from '../../values/json.ts';
import { isObject } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { ExecAction } from '../engine/change.ts';
import { exitStatuses, hostPath } from '../engine/input.ts';
import type { Decision, Operation, StepOutput } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import type { Reading } from '../engine/reading.ts';
import { together } from '../engine/reading.ts';

/** What `command` and `script` have in common: a program of the operator's, about which nothing is known. */
export interface Program {
  readonly argv: readonly string[];
  readonly stdin: string;
  /** Beside that: an environment, and a secret for its standard input. */
  readonly feed: ProgramFeed;
  readonly chdir: string;
  readonly readOnly: boolean;
  readonly creates: string | undefined;
  readonly success: readonly number[];
  /** What the plan calls it. */
  readonly shown: string;
}

/** What a playbook may say of either. */
export const programKeys = {
  read_only: z
    .boolean()
    .default(false)
    .describe(
      'it changes nothing: it runs in the preview too, once its text was shown and --allow-read-only-programs, or an answer, has consented to it',
    ),
  creates: hostPath.optional().describe('a path on the host: when it exists, nothing is done'),
  success: exitStatuses.default([0]),
};

type Keys = z.infer<z.ZodObject<typeof programKeys>>;

export const readsOrCreates = [
  ({ read_only, creates }: Keys) => !(read_only && creates !== undefined),
  'read_only and creates exclude each other: what only reads creates nothing',
] as const;

/** The operation that runs the program which `program` makes of what is wanted. */
export function programOperation<Want extends Keys>({
  program,
  ...named
}: Pick<Operation<Want>, 'name' | 'summary' | 'schema' | 'mayHoldSecret'> & {
  readonly program: (want: Want) => Program;
}): Operation<Want> {
  return defineOperation<Want, Seen>({
    ...named,
    readOnly: (want) => want.read_only,
    reads: {
      program: (want) =>
        want.read_only ? { action: actionOf(program(want)), request: reading(program(want)) } : undefined,
      possible: (written) =>
        isExpression(written) ||
        (isObject(written) && (written['read_only'] === true || isExpression(written['read_only']))),
    },
    repeats: true,
    read: (want) => readProgram(program(want)),
    plan: (want, seen) => planProgram(program(want), seen),
    touches: (want) => programTouches(program(want)),
    result: (_want, { printed }, output) => programResult(printed ?? output),
  });
}

/** All of it is an expression, which may come to anything. */
function isExpression(written: unknown): boolean {
  return typeof written === 'string' && /^\s*\$\{\{.*\}\}\s*$/s.test(written);
}

/** `env --chdir` and `cd` in a shell: only the latter is everywhere. */
const inDirectory = ['/bin/sh', '-c', 'cd -- "$1" && shift && exec "$@"', 'sh'] as const;

interface Seen {
  /** By a program that only reads. */
  readonly printed?: ProgramOutput;
  /** Whether what the program creates is there. */
  readonly created?: boolean;
}

function* readProgram(program: Program): Reading<Seen> {
  if (program.readOnly) {
    const [printed] = yield* together(reading(program));
    return { printed };
  }
  if (program.creates === undefined) return {};
  const [file] = yield* together(ask(hostFile, program.creates));
  return { created: file.exists };
}

function planProgram(program: Program, { printed, created }: Seen): Decision {
  if (printed !== undefined) {
    const { status, stderr } = printed;
    if (program.success.includes(status)) return { outcome: 'noop', reason: `read: ${oneLine(program.shown, 80)}` };
    throw new AppError(
      'action-failed',
      `${oneLine(program.shown, 80)} ended with status ${String(status)}: ${oneLine(stderr)}`,
      { hint: 'run it on the host by hand; if this status is a success too, list it under success:' },
    );
  }
  if (program.creates !== undefined && created === true)
    return { outcome: 'noop', reason: `${program.creates} exists` };
  return {
    outcome: 'change',
    changes: [
      {
        summary: `run: ${oneLine(program.shown, 120)}`,
        before: program.creates === undefined ? {} : { [program.creates]: 'missing' },
        after: program.creates === undefined ? {} : { [program.creates]: 'exists' },
        actions: [actionOf(program)],
        undo: 'irreversible',
        atomic: false,
        bindings: {},
      },
    ],
  };
}

function actionOf({ argv, chdir, stdin, success, feed }: Program): ExecAction {
  return {
    kind: 'exec',
    argv: chdir === '' ? argv : [...inDirectory, chdir, ...argv],
    success,
    ...(stdin === '' ? {} : { stdin }),
    ...(feed.stdin === undefined ? {} : { secretStdin: feed.stdin }),
    ...(feed.env === undefined ? {} : { env: feed.env }),
  };
}

/** A program may read and change anything. */
function programTouches(program: Program): { readonly reads: readonly string[]; readonly changes: readonly string[] } {
  return { reads: ['*'], changes: program.readOnly ? [] : ['*'] };
}

function programResult(printed: StepOutput | undefined): Json {
  if (printed === undefined) return null;
  const { status, stdout, stderr, lines } = programOutput(printed);
  return { status, stdout, stderr, lines };
}

function reading(program: Program): FactRequest<ProgramOutput> {
  const { chdir, stdin, feed, argv } = program;
  return feed.env === undefined && feed.stdin === undefined
    ? ask(argvFact, chdir, stdin, ...argv)
    : askWith(feed, fedArgvFact, chdir, stdin, ...argv);
}
