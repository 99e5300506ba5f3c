import type { HostStatus } from '../errors.ts';
import { foldNames } from './fold-names.ts';
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
 * Hosts grouped by equal causes. Unless `exact`, causes that differ only in the host's own name, its
 * address or its key are equal; with several hosts `<host>`, `<address>` and `<fingerprint>` stand for these.
 */
export function causesOf(causes: readonly Cause[], exact: boolean): readonly CauseGroup[] {
  const groups = new Map<string, { readonly hosts: string[]; readonly first: Cause; readonly shared: Cause }>();
  for (const cause of causes) {
    const shared = exact ? cause : { ...cause, message: impersonal(cause.message, cause.host), hint: impersonal(cause.hint, cause.host) };
    const key = JSON.stringify([shared.status, shared.code, shared.step, shared.message, shared.hint]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { hosts: [cause.host], first: cause, shared });
    else group.hosts.push(cause.host);
  }
  return [...groups.values()].map(({ hosts, first, shared }) => ({ ...(hosts.length === 1 ? first : shared), hosts }));
}

/** `! unreachable: 2 hosts: web-[03-04]: authentication failed`, and what to do about it once. */
export function causeLines(cause: CauseGroup): readonly Line[] {
  const hosts = cause.hosts.length === 1 ? foldNames(cause.hosts) : `${count(cause.hosts.length, 'host')}: ${foldNames(cause.hosts)}`;
  const at = cause.step === undefined ? '' : `at "${cause.step}": `;
  return [line(`! ${cause.status}: ${hosts}: ${at}${cause.message}`, 'bad'), ...(cause.hint === '' ? [] : [line(`    → ${cause.hint}`)])];
}

function impersonal(text: string, host: string): string {
  const literal = host.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  const personal = new RegExp(String.raw`(?<name>(?<![\w.-])${literal}(?![\w-]|\.\w))|(?<address>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]|\.\d))|(?<key>SHA256:[\w+/=]+)`, 'g');
  return text.replaceAll(personal, (found: string) => (found === host ? '<host>' : found.startsWith('SHA256:') ? '<fingerprint>' : '<address>'));
}
