import type { Graph, GroupNode, HostNode } from './graph.ts';

export interface Membership {
  /** All that a host is in, parents too, `all` among them: weakest first. */
  readonly groupsOf: (host: HostNode) => readonly GroupNode[];
}

/** Which groups hold for a host, and which of them wins: the deeper one, then the higher priority, then the later name. */
export function membership(graph: Graph): Membership {
  const depths = depthsOf(graph);
  // Hosts that stand in the same groups share the answer.
  const known = new Map<string, readonly GroupNode[]>();
  const numbers = new Map([...graph.groups.values()].map((group, index) => [group, index]));
  return {
    groupsOf(host) {
      const key = [...host.groups]
        .map((group) => numbers.get(group) ?? 0)
        .sort((a, b) => a - b)
        .join(' ');
      const found = known.get(key) ?? upwards(host.groups).sort(weakerFirst(depths));
      known.set(key, found);
      return found;
    },
  };
}

function weakerFirst(depths: ReadonlyMap<GroupNode, number>): (a: GroupNode, b: GroupNode) => number {
  return (a, b) =>
    (depths.get(a) ?? 0) - (depths.get(b) ?? 0) || a.priority - b.priority || compareAsPython(a.name, b.name);
}

/** By code points, not by UTF-16 units. */
export function compareAsPython(a: string, b: string): number {
  if (a === b) return 0;
  const left = Array.from(a, (character) => character.codePointAt(0) ?? 0);
  const right = Array.from(b, (character) => character.codePointAt(0) ?? 0);
  for (const [index, code] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (code !== other) return code - other;
  }
  return -1;
}

function upwards(groups: Iterable<GroupNode>): GroupNode[] {
  const found = new Set(groups);
  for (const group of found) for (const parent of group.parents) found.add(parent);
  return [...found];
}

/** The longest way from `all`. */
function depthsOf({ groups }: Graph): ReadonlyMap<GroupNode, number> {
  const depths = new Map<GroupNode, number>();
  const waiting = new Map([...groups.values()].map((group) => [group, group.parents.size]));
  const ready = [...groups.values()].filter(({ parents }) => parents.size === 0);
  for (let group = ready.pop(); group !== undefined; group = ready.pop()) {
    const depth = depths.get(group) ?? 0;
    depths.set(group, depth);
    for (const child of group.children) {
      depths.set(child, Math.max(depths.get(child) ?? 0, depth + 1));
      const left = (waiting.get(child) ?? 1) - 1;
      waiting.set(child, left);
      if (left === 0) ready.push(child);
    }
  }
  return depths;
}
