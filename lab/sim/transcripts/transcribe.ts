import * as facts from './asked-facts.ts';
import type { Call, RecordedKind } from '../calls.ts';
import { calls, discover } from '../calls.ts';
import { quote } from '../../../src/values/shell.ts';

export interface Answer {
  readonly name: string;
  /** Null: the connection was lost. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** What one host answered. The raw text, so that a change of what is normalised needs no new recording. */
export interface Transcript {
  readonly kind: RecordedKind;
  readonly variables: Readonly<Record<string, string>>;
  readonly facts: readonly Answer[];
  readonly answers: readonly Answer[];
}

/** Runs a script as root in a fresh shell on a host. */
export type Run = (
  script: string,
) => Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }>;

const environment = 'export LC_ALL=C PATH="$PATH:/usr/sbin:/sbin"\n';

export async function transcribe(kind: RecordedKind, run: Run): Promise<Transcript> {
  const { stdout } = await run(environment + discover);
  const variables = Object.fromEntries(
    stdout
      .split('\n')
      .flatMap((line) =>
        line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [],
      ),
  );
  const known = Object.entries(variables)
    .map(([key, value]) => `${key}=${quote(value)}\n`)
    .join('');
  const ask = async ({ name, script }: Call): Promise<Answer> => {
    const { code, stdout: out, stderr } = await run(environment + known + script);
    return { name, status: code, stdout: out, stderr };
  };
  const answers: Answer[] = [];
  const asked: Answer[] = [];
  for (const call of facts.factCalls(kind)) asked.push(await ask(call));
  for (const call of calls[kind]) answers.push(await ask(call));
  return { kind, variables, facts: asked, answers };
}
