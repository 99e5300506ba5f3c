import type { ConfigIssue } from '../../../errors.ts';
import type { ConfigIo } from '../../model/io.ts';
import type { Variables, GroupNode, HostNode } from './graph.ts';
import { meaningOf, type Meaning } from './meaning.ts';
import { membership } from './precedence.ts';
import type { AnsibleSources } from './sources.ts';
import { VarsDirectory, type VarsRead } from './vars-files.ts';

/** A host as Ansible means it. */
export interface AnsibleHost extends Meaning {
  readonly node: HostNode;
  /** What was not read, of which it is not known what it says of this host. */
  readonly unread: readonly ConfigIssue[];
}

/** Everything that holds for each host, the stronger over the weaker, in Ansible's order. */
export async function readHosts(
  { graph, config, directories }: AnsibleSources,
  io: ConfigIo,
  playbookDirectory?: string,
): Promise<readonly AnsibleHost[]> {
  const inPlaybook = playbookDirectory === undefined ? [] : [playbookDirectory];
  const groupDirectories = [directories, inPlaybook].map((some) =>
    [...new Set(some)].map((directory) => new VarsDirectory(io, directory, 'group_vars')),
  );
  const hostDirectories = [...new Set([...directories, ...inPlaybook])].map(
    (directory) => new VarsDirectory(io, directory, 'host_vars'),
  );
  const { groupsOf } = membership(graph);
  const ofGroups = new Map<readonly GroupNode[], Promise<VarsRead>>();
  const hosts: AnsibleHost[] = [];
  for (const node of graph.hosts.values()) {
    const groups = groupsOf(node);
    const pending = ofGroups.get(groups) ?? groupVars(groups, config.vars, groupDirectories);
    ofGroups.set(groups, pending);
    const base = await pending;
    const vars: Variables = new Map(base.vars);
    const unread = [...base.issues];
    overlay(vars, node.vars);
    for (const directory of hostDirectories) {
      const read = await directory.read(node.name);
      if (read === undefined) continue;
      overlay(vars, read.vars);
      unread.push(...read.issues);
    }
    hosts.push({ node, unread, ...meaningOf(vars) });
  }
  return hosts;
}

/** Of all groups first what stands in the inventory, then what stands in files, and of each of these first what `all` says. */
async function groupVars(
  groups: readonly GroupNode[],
  weakest: Variables,
  directories: readonly (readonly VarsDirectory[])[],
): Promise<VarsRead> {
  const vars: Variables = new Map(weakest);
  const issues: ConfigIssue[] = [];
  const all = groups.filter(({ name }) => name === 'all');
  const others = groups.filter(({ name }) => name !== 'all');
  for (const { vars: own } of [...all, ...others]) overlay(vars, own);
  for (const some of [all, others])
    for (const kind of directories)
      for (const directory of kind)
        for (const { name } of some) {
          const read = await directory.read(name);
          if (read === undefined) continue;
          overlay(vars, read.vars);
          issues.push(...read.issues);
        }
  return { vars, issues };
}

function overlay(vars: Variables, stronger: Variables): void {
  for (const [name, variable] of stronger) vars.set(name, variable);
}
