import type { Change } from '../operations/change.ts';
import type { Planned } from '../operations/operation.ts';
import { canonicalJson, isObject } from '../values/json.ts';

/**
 * What differs between what was approved and what would be done now, in words; nothing when they are
 * the same. What was uncertain when it was approved may become anything but a refusal.
 */
export function compare(approved: Planned, fresh: Planned): readonly string[] {
  if (approved.outcome === 'maybe') return [];
  if (approved.outcome !== fresh.outcome) return [`approved: ${describe(approved)}; now: ${describe(fresh)}`];
  if (approved.outcome !== 'change' || fresh.outcome !== 'change') return [];
  if (approved.changes.length !== fresh.changes.length) return [`approved: ${describe(approved)}; now: ${describe(fresh)}`];
  return approved.changes.flatMap((change, index) => differences(change, fresh.changes[index]));
}

function describe(planned: Planned): string {
  switch (planned.outcome) {
    case 'noop':
      return `nothing to do (${planned.reason})`;
    case 'change':
      return planned.changes.map(({ summary }) => summary).join('; ');
    case 'maybe':
      return `uncertain (${planned.reason})`;
    case 'refused':
      return `refused (${planned.reason})`;
  }
}

function differences(approved: Change, fresh: Change | undefined): readonly string[] {
  if (fresh === undefined || canonicalJson(approved) === canonicalJson(fresh)) return [];
  const facts = fieldDifferences(approved.before, fresh.before);
  return facts.length > 0 ? facts.map((difference) => `${approved.summary}: ${difference}`) : [`approved: ${approved.summary}; now: ${fresh.summary}, by other commands`];
}

function fieldDifferences(approved: unknown, fresh: unknown, path = ''): readonly string[] {
  if (!isObject(approved) || !isObject(fresh)) {
    return canonicalJson(approved) === canonicalJson(fresh) ? [] : [`${path} was ${canonicalJson(approved)}, is ${canonicalJson(fresh)}`];
  }
  return [...new Set([...Object.keys(approved), ...Object.keys(fresh)])].flatMap((key) => fieldDifferences(approved[key], fresh[key], path === '' ? key : `${path}.${key}`));
}
