import { isObject, parseJson } from '../../values/json.ts';
import { oneLine } from '../../values/terminal.ts';
import type { LockHolder } from '../transport.ts';

/** Four of them fit into what is read of a lock file, whatever characters they are made of. */
const longestField = 200;
const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;

/** The line that a lock file holds. */
export function writeHolder(holder: LockHolder): string {
  return JSON.stringify(bounded(holder));
}

/** What a lock file says, or undefined when it is not what `writeHolder` writes. It comes from a host. */
export function readHolder(text: string): LockHolder | undefined {
  const { run, by, reason, since } = fields(text);
  if (typeof run !== 'string' || typeof by !== 'string' || typeof reason !== 'string' || typeof since !== 'string')
    return undefined;
  return timestamp.test(since) && !Number.isNaN(Date.parse(since)) ? bounded({ run, by, reason, since }) : undefined;
}

function fields(text: string): Readonly<Record<string, unknown>> {
  const value = parseJson(text);
  return isObject(value) ? value : {};
}

function bounded({ run, by, reason, since }: LockHolder): LockHolder {
  return {
    run: oneLine(run, longestField),
    by: oneLine(by, longestField),
    reason: oneLine(reason, longestField),
    since: oneLine(since, longestField),
  };
}
