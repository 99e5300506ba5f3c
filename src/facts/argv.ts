import type { Fact } from './fact.ts';
import { shell } from '../shell/shell.ts';

/** What a read-only program of the operator's printed. */
export interface ProgramOutput {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly lines: readonly string[];
}

export function programOutput({
  status,
  stdout,
  stderr,
}: {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}): ProgramOutput {
  return { status, stdout, stderr, lines: stdout === '' ? [] : stdout.replace(/\n$/, '').split('\n') };
}

/** A program of the playbook. Whether it only reads is the playbook's word, so it is run with consent only. */
export const argvFact: Fact<ProgramOutput> = {
  name: 'argv',
  runsPrograms: true,
  givesText: true,
  script: shell('facts/run-argv.sh'),
  parse: programOutput,
};

/** The same for a program with a feed: what comes on standard input exports its environment, and sets `input` where that is a secret. */
export const fedArgvFact: Fact<ProgramOutput> = {
  name: 'argv-fed',
  runsPrograms: true,
  givesText: true,
  script: shell('facts/run-fed-argv.sh'),
  parse: programOutput,
};

/** The same of a program of ours, which is known to read only. */
export const probeFact: Fact<ProgramOutput> = { name: 'probe', script: argvFact.script, parse: programOutput };
