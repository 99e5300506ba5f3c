import type { AppError } from '../errors.ts';
import { ConfigError } from '../errors.ts';
import { neutralise } from '../values/terminal.ts';
import type { World } from './world.ts';

/** An error that ended the program: what, where, and what to do. A stack only for a bug of ours, or when asked for, and never for a mistake of the operator's. */
export function reportError({ err }: Pick<World, 'err'>, error: AppError, verbose: boolean): void {
  const lines = error instanceof ConfigError ? issueLines(error) : [];
  const where = error.where === undefined ? '' : `${error.where}: `;
  lines.push(`plimsoll: ${where}${error.message}`);
  if (error.hint !== undefined) lines.push(`  → ${error.hint}`);
  if (error.code === 'internal') lines.push('  → this is a bug in plimsoll: please report it with the lines below');
  const isMistake = error.code === 'usage' || error.code === 'config';
  if (error.code === 'internal' || (verbose && !isMistake)) lines.push(...stackOf(error));
  err.write(`${lines.map(neutralise).join('\n')}\n`);
}

function issueLines({ issues }: ConfigError): string[] {
  return issues.flatMap(({ file, line, column, message, frame }) => {
    const place = [file, line, column].filter((part) => part !== undefined).join(':');
    return [`${place}: ${message}`, ...(frame === undefined ? [] : frame.split('\n').map((text) => `  ${text}`)), ''];
  });
}

function stackOf(error: Error): readonly string[] {
  const own = (error.stack ?? '').split('\n').slice(1);
  return error.cause instanceof Error ? [...own, `caused by: ${error.cause.stack ?? error.cause.message}`] : own;
}
