import type { Fact } from './fact.ts';

/** What a read-only program of the operator's printed. */
export interface ProgramOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly string[];
}

export function programOutput({ status, stdout, stderr }: { readonly status: number; readonly stdout: string; readonly stderr: string }): ProgramOutput {
  return { status, stdout, stderr, lines: stdout === '' ? [] : stdout.replace(/\n$/, '').split('\n') };
}

/** Arguments: the working directory (empty: wherever the shell is), the text for standard input, then the program and its arguments. */
export const argvFact: Fact<ProgramOutput> = {
  name: 'argv',
  givesText: true,
  script: `directory=$1 input=$2; shift 2
[ -z "$directory" ] || cd -- "$directory" || exit 126
[ -n "$input" ] || exec "$@"
printf '%s' "$input" | "$@"`,
  parse: programOutput,
};
