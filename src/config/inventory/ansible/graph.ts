import type { Json } from '../../../values/json.ts';
import type { Source, Span } from '../../yaml/source.ts';

/** Where something stands. It is made for every variable of every host, and asked for when something is said of it. */
export interface Spot {
  readonly source: Source;
  readonly span: Span;
}

/**
 * A variable as it is written. Objects with `__ansible_vault` are encrypted, those with `__ansible_unsafe` are texts
 * without Jinja, both as Ansible's own JSON has them.
 */
export interface Variable {
  readonly value: Json;
  readonly spot: Spot;
}

export type Variables = Map<string, Variable>;

export interface GroupNode {
  readonly name: string;
  readonly spot: Spot;
  readonly vars: Variables;
  /** Its own hosts, those of its children not among them. */
  readonly hosts: Set<HostNode>;
  readonly children: Set<GroupNode>;
  readonly parents: Set<GroupNode>;
  priority: number;
}

export interface HostNode {
  readonly name: string;
  readonly spot: Spot;
  readonly vars: Variables;
  /** The groups that it stands in itself. */
  readonly groups: Set<GroupNode>;
}

const nowhere: Spot = { source: { file: 'inventory', text: '', lineStarts: [0] }, span: { start: 0, end: 1 } };

/** The hosts and groups of all sources, put together in the order, and with the peculiarities, of Ansible's own. */
export class Graph {
  readonly hosts = new Map<string, HostNode>();
  readonly groups = new Map<string, GroupNode>();

  constructor() {
    this.addGroup('all', nowhere);
    this.addGroup('ungrouped', nowhere);
  }

  addGroup(name: string, spot: Spot): GroupNode {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    const group: GroupNode = {
      name,
      spot,
      vars: new Map(),
      hosts: new Set(),
      children: new Set(),
      parents: new Set(),
      priority: 1,
    };
    this.groups.set(name, group);
    return group;
  }

  /** A port that stands behind the name counts only where the host is named first. */
  addHost(name: string, spot: Spot, group: GroupNode, port?: number): HostNode {
    let host = this.hosts.get(name);
    if (host === undefined) {
      host = { name, spot, vars: new Map(), groups: new Set() };
      this.hosts.set(name, host);
      if (port !== undefined) host.vars.set('ansible_port', { value: port, spot });
    }
    host.groups.add(group);
    group.hosts.add(host);
    return host;
  }

  /** What is said of a host whose name a group has, too, is said of the group. */
  setOfHost(host: HostNode, name: string, variable: Variable): void {
    const group = this.groups.get(host.name);
    if (group === undefined) host.vars.set(name, variable);
    else setOfGroup(group, name, variable);
  }

  /** The way back, as names, where the child has the parent below itself already. */
  addChild(parent: GroupNode, child: GroupNode): readonly string[] | undefined {
    const back = wayDown(child, parent);
    if (back !== undefined) return [parent.name, ...back];
    parent.children.add(child);
    child.parents.add(parent);
    return undefined;
  }

  /** When everything is read: groups without parents belong to `all`, and `ungrouped` is what is in no other. */
  reconcile(): void {
    const all = this.addGroup('all', nowhere);
    const ungrouped = this.addGroup('ungrouped', nowhere);
    for (const group of this.groups.values())
      if (group !== all && group.parents.size === 0) {
        all.children.add(group);
        group.parents.add(all);
      }
    for (const host of this.hosts.values()) {
      const isGrouped = [...host.groups].some((group) => group !== all && group !== ungrouped);
      if (isGrouped) {
        host.groups.delete(ungrouped);
        ungrouped.hosts.delete(host);
      } else if (!host.groups.has(ungrouped)) {
        // The name means the group first here, too.
        const namesake = this.groups.get(host.name);
        if (namesake !== undefined) this.addChild(ungrouped, namesake);
        else {
          host.groups.add(ungrouped);
          ungrouped.hosts.add(host);
        }
      }
    }
  }
}

export function setOfGroup(group: GroupNode, name: string, variable: Variable): void {
  const { value } = variable;
  if (name !== 'ansible_group_priority') group.vars.set(name, variable);
  else if (typeof value === 'string' && /^[-+]?\d+$/.test(value)) group.priority = Number(value);
  else if (typeof value === 'boolean' || typeof value === 'number') group.priority = Math.trunc(Number(value));
}

function wayDown(from: GroupNode, to: GroupNode): readonly string[] | undefined {
  const cameFrom = new Map<GroupNode, GroupNode | undefined>([[from, undefined]]);
  for (const group of cameFrom.keys()) {
    if (group === to) {
      const names: string[] = [];
      for (let at: GroupNode | undefined = group; at !== undefined; at = cameFrom.get(at)) names.push(at.name);
      return names.reverse();
    }
    for (const child of group.children) if (!cameFrom.has(child)) cameFrom.set(child, group);
  }
  return undefined;
}
