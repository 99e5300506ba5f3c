import { AppError } from '../../src/errors.ts';
import type { LinkOptions } from '../../src/run/reach/link.ts';
import { Link } from '../../src/run/reach/link.ts';
import type { CommandHandler, ScriptedOutcome } from '../../src/transport/local/memory.ts';
import type { LockHolder } from '../../src/transport/transport.ts';
import { never, testTarget } from '../support/target.ts';

export const holder: LockHolder = {
  run: 'test',
  by: 'tester@here',
  reason: 'apply p',
  since: '2026-11-20T00:00:00.000Z',
};

export function linkWith(more: Pick<LinkOptions, 'transport'> & Partial<LinkOptions>): Link {
  return new Link({
    target: testTarget(),
    signal: never,
    onConnected: () => undefined,
    onWaiting: () => undefined,
    reconnectMs: 0,
    ...more,
  });
}

/** A scripted host whose answers to effects are those of work that has ended by the time it is first looked at. */
export function endingAtOnce(handler: CommandHandler): CommandHandler {
  return async (command, options) => {
    const { args = [] } = command;
    const script = command.script.includes('setsid') ? args[3] : undefined;
    if (script === undefined) return handler(command, options);
    return ended(await handler({ ...command, script }, options));
  };
}

function ended({ status = 0, stdout = '', stderr = '' }: ScriptedOutcome): ScriptedOutcome {
  const [out, err] = [stdout, stderr].map((text) => Buffer.byteLength(text));
  return {
    stdout: `ended ${String(status)} ${String(out)} ${String(err)} ${String(out)} ${String(err)}\n${stdout}`,
    stderr,
  };
}

/** The error that something is rejected with; a success is none. */
export async function errorOf(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AppError) return error;
  throw new Error('it was to be rejected with an AppError', { cause: error });
}
