import { setTimeout as wait } from 'node:timers/promises';
import { AppError } from '../../errors.ts';
import type { WaitUntilAction } from '../../operations/engine/change.ts';
import type { StepOutput } from '../../operations/engine/operation.ts';
import { oneLine } from '../../values/terminal.ts';
import { commandOf } from '../report/shown.ts';
import type { Interpreter } from './interpreter.ts';

/** Asks until it is so. Errors: `timed-out`. */
export async function waitUntil({ link, signal }: Interpreter, action: WaitUntilAction): Promise<StepOutput> {
  const until = performance.now() + action.forSeconds * 1000;
  const wanted = action.equals === undefined ? undefined : fold(action.equals);
  for (;;) {
    const outcome = await link.run({ script: '"$@"', args: action.argv, repeatable: true, prints: 'data' }, { signal });
    if (outcome.status === 0 && (wanted === undefined || fold(outcome.stdout) === wanted)) return outcome;
    if (performance.now() >= until) {
      throw new AppError(
        'timed-out',
        `after ${String(action.forSeconds)} seconds it is still not so that ${action.what}; last answer: ${oneLine(outcome.stdout === '' ? outcome.stderr : outcome.stdout, 200)}`,
        { hint: `on the host: ${commandOf(action)}` },
      );
    }
    await wait(action.everySeconds * 1000, undefined, { signal });
  }
}

function fold(text: string): string {
  return text.trim().split(/\s+/).join(' ');
}
