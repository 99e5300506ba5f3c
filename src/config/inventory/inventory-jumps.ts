import type { ConfigIssue } from '../../errors.ts';
import type { Suggestions } from '../model/closest.ts';
import { expandHome, type ConfigIo } from '../model/io.ts';
import type { Jump, NamedSource, Way, Written } from '../model/types.ts';
import { JumpMistake, parseJumps } from '../ssh/jumps.ts';
import type { HostDraft } from './inventory-host.ts';

/** The hosts that a host's `proxy_jump` names: those of the inventory, or whatever `ssh -J` could be given. */
export function jumpsOf(
  { name, jump }: HostDraft,
  drafts: ReadonlyMap<string, HostDraft>,
  suggestions: Suggestions,
  issues: ConfigIssue[],
): Written<readonly Jump[]> | undefined {
  if (jump === undefined) return undefined;
  const { value, layer, isOwn, place } = jump;
  try {
    const jumps = parseJumps(value);
    for (const part of value.split(',').map((text) => text.trim())) {
      // A slip of the pen would be dialled as if it were a host of its own.
      const meant = /^[\w-]+$/.test(part) && !drafts.has(part) ? suggestions.closest(part) : undefined;
      if (meant !== undefined && jumps.length > 0)
        throw new JumpMistake(
          `there is no host "${part}" in the inventory; did you mean "${meant}"? (ssh://${part} is one that is not in it)`,
        );
    }
    // A jump set for a whole group that the bastion belongs to does not send the bastion through itself.
    const self = isOwn ? -1 : jumps.findIndex(({ host, isOutside }) => isOutside !== true && host === name);
    return { value: self < 0 ? jumps : jumps.slice(0, self), ...(place === undefined ? {} : { place }) };
  } catch (thrown) {
    if (!(thrown instanceof JumpMistake)) throw thrown;
    issues.push(layer.yaml.issue([...layer.path, 'proxy_jump'], `proxy_jump: ${thrown.message}`));
    return undefined;
  }
}

/** The files that are named for machines on the way themselves. */
export function filesOfJumps({ jumps }: Way, io: ConfigIo): readonly NamedSource[] {
  const { place } = jumps ?? {};
  if (jumps === undefined || place === undefined) return [];
  return jumps.value.flatMap(({ identityFiles = [], config }) => [
    ...identityFiles.map((file): NamedSource => ({
      key: 'identity_file',
      kind: 'file',
      name: expandHome(file, io),
      place,
    })),
    ...(config?.file === undefined || config.file === 'none'
      ? []
      : [{ key: 'ssh_config', kind: 'file', name: expandHome(config.file, io), place } as const]),
  ]);
}

/** The ways of the inventory that come back to a host that they have been at. */
export function circlesOf(
  jumps: ReadonlyMap<string, Written<readonly Jump[]> | undefined>,
  drafts: ReadonlyMap<string, HostDraft>,
): readonly ConfigIssue[] {
  const follow = (name: string, trail: readonly string[]): readonly ConfigIssue[] => {
    const through = jumps.get(name)?.value ?? [];
    const passed = [...trail];
    // The last is the one that the host is behind; of a chain the first has a way of its own.
    for (const { host, isOutside } of through.toReversed()) {
      if (isOutside === true) return [];
      if (!passed.includes(host)) {
        passed.push(host);
        continue;
      }
      const layer = drafts.get(name)?.jump?.layer;
      const circle = [...passed.slice(passed.indexOf(host)), host].join(' → ');
      return layer === undefined
        ? []
        : [layer.yaml.issue([...layer.path, 'proxy_jump'], `proxy_jump goes in a circle: ${circle}`)];
    }
    const first = through[0];
    return first === undefined ? [] : follow(first.host, passed);
  };
  return [...drafts.keys()].flatMap((name) => follow(name, [name]));
}
