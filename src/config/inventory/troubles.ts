import { ConfigError, type ConfigIssue } from '../../errors.ts';
import type { Target } from '../../transport/transport.ts';
import type { Host, HostTrouble, Inventory } from '../model/types.ts';
import { inOrder } from '../yaml/source.ts';

/** What stands in the way of these hosts; what many of them share is said once, with their names. */
export function troublesOf(
  hosts: readonly Host[],
  which: (trouble: HostTrouble) => boolean = () => true,
): readonly ConfigIssue[] {
  const found = new Map<string, { readonly trouble: HostTrouble; readonly names: string[] }>();
  for (const { name, troubles = [] } of hosts)
    for (const trouble of troubles.filter(which)) {
      const key = `${trouble.file}:${String(trouble.line)}:${String(trouble.column)}:${trouble.message}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { trouble, names: [name] });
      else known.names.push(name);
    }
  const issues = Array.from(found.values(), ({ trouble: { isUnread: _, ...issue }, names }) => ({
    ...issue,
    message: `${few(names)}: ${issue.message}`,
  }));
  return inOrder(issues);
}

/** Throws a ConfigError with all of them. Others are not concerned: --limit '!NAME' leaves out who is. */
export function refuseTroubled(hosts: readonly Host[]): readonly Host[] {
  const issues = troublesOf(hosts);
  if (issues.length > 0) throw new ConfigError(issues);
  return hosts;
}

/** Of hosts to which the whole way is known by now: what stands in the way of whom they are behind stands in theirs. */
export function refuseTroubledBefore(inventory: Inventory, hosts: readonly Host[]): readonly Host[] {
  refuseTroubled(
    hosts.map(({ troubles: _, ...host }) => ({
      ...host,
      troubles: namesBefore(host.target).flatMap((name) => inventory.hosts.get(name)?.troubles ?? []),
    })),
  );
  return hosts;
}

/** The hosts that a target is behind. */
export function namesBefore({ jump }: Target): readonly string[] {
  return jump === undefined ? [] : [jump.name, ...namesBefore(jump)];
}

function few(names: readonly string[]): string {
  return names.length <= 5
    ? names.join(', ')
    : `${names.slice(0, 4).join(', ')} and ${String(names.length - 4)} more hosts`;
}
