import type { HostStatus } from '../errors.ts';
import { listed } from './differences.ts';
import { foldNames } from './fold-names.ts';
import { impersonal } from './impersonal.ts';
import { type Line, line } from './line.ts';
import { count } from './words.ts';

/** Why one host did not do what was asked. */
export interface Cause {
  readonly host: string;
  readonly status: HostStatus;
  readonly code: string;
  readonly step?: string;
  readonly message: string;
  readonly hint: string;
}

export interface CauseGroup extends Omit<Cause, 'host'> {
  readonly hosts: readonly string[];
}

/**
 * Hosts grouped by equal causes. Unless `exact`, causes are equal that differ only in what is the host's
 * own (its name, its address, its key, a moment): placeholders stand for these where they do differ.
 */
export function causesOf(causes: readonly Cause[], exact: boolean): readonly CauseGroup[] {
  const groups = new Map<
    string,
    { readonly hosts: string[]; readonly first: Cause; readonly shared: Cause; differ: boolean }
  >();
  for (const cause of causes) {
    const shared = exact
      ? cause
      : { ...cause, message: impersonal(cause.message, cause.host), hint: impersonal(cause.hint, cause.host) };
    const key = JSON.stringify([shared.status, shared.code, shared.step, shared.message, shared.hint]);
    const group = groups.get(key) ?? { hosts: [], first: cause, shared, differ: false };
    groups.set(key, group);
    group.hosts.push(cause.host);
    group.differ ||= cause.message !== group.first.message || cause.hint !== group.first.hint;
  }
  return [...groups.values()].map(({ hosts, first, shared, differ }) => ({ ...(differ ? shared : first), hosts }));
}

/** `! unreachable: 2 hosts: web-[03-04]: authentication failed`, and what to do about it once. */
export function causeLines(cause: CauseGroup): readonly Line[] {
  const hosts =
    cause.hosts.length === 1
      ? foldNames(cause.hosts)
      : `${count(cause.hosts.length, 'host')}: ${foldNames(cause.hosts)}`;
  const at = cause.step === undefined ? '' : `at "${cause.step}": `;
  // Drift is a list of what differs.
  const { heading, items } = cause.status === 'drifted' ? listed(cause.message) : { heading: cause.message, items: [] };
  return [
    line(`! ${cause.status}: ${hosts}: ${at}${heading}`.replace(/: $/, ''), 'bad'),
    ...items.map((item) => line(`    - ${item}`, 'bad')),
    ...(cause.hint === '' ? [] : [line(`    → ${cause.hint}`)]),
  ];
}
