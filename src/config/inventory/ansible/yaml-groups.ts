import type { ConfigIssue } from '../../../errors.ts';
import { issueAt, type Source, type Span } from '../../yaml/source.ts';
import { type Graph, type GroupNode, setOfGroup, type Spot } from './graph.ts';
import { hostPattern, HostPatternMistake } from './host-pattern.ts';
import type { Tree } from './yaml11.ts';

type Entry = NonNullable<Tree['entries']> extends ReadonlyMap<string, infer One> ? One : never;

/** Adds what an inventory in YAML says to the graph. What Ansible only warns of is a warning here, too. */
export function readYamlGroups(
  source: Source,
  tree: Tree,
  graph: Graph,
): { readonly issues: readonly ConfigIssue[]; readonly warnings: readonly ConfigIssue[] } {
  const issues: ConfigIssue[] = [];
  const warnings: ConfigIssue[] = [];
  const spotAt = (span: Span): Spot => ({ source, span });
  const complain = (span: Span, message: string): void => void issues.push(issueAt(source, span, message));
  const warn = (span: Span, message: string): void => void warnings.push(issueAt(source, span, message));

  const readGroup = (name: string, { key, tree: body }: Entry): GroupNode | undefined => {
    if (body.value !== null && body.entries === undefined) {
      warn(
        key,
        `"${name}" is no group: a group is a mapping with hosts, children or vars; Ansible passes it over, too`,
      );
      return undefined;
    }
    const group = graph.addGroup(name, spotAt(key));
    for (const [part, entry] of body.entries ?? []) {
      const inner = sectionOf(part, entry);
      if (!['hosts', 'children', 'vars'].includes(part))
        warn(
          entry.key,
          `"${part}" in the group "${name}" is none of hosts, children and vars: Ansible passes it over, too`,
        );
      else if (inner === undefined) complain(entry.key, `${part} of the group "${name}" is to be a mapping`);
      else if (part === 'vars')
        for (const [variable, { tree: value, key: at }] of inner) setVariable(group, variable, value, at);
      else if (part === 'children') for (const [child, body] of inner) addChild(group, child, body);
      else for (const [pattern, host] of inner) addHosts(group, pattern, host);
    }
    return group;
  };
  const setVariable = (group: GroupNode, name: string, { value }: Tree, at: Span): void => {
    setOfGroup(group, name, { value, spot: spotAt(at) });
  };
  const addChild = (group: GroupNode, name: string, entry: Entry): void => {
    const child = readGroup(name, entry);
    const circle = child && graph.addChild(group, child);
    if (child === undefined) complain(entry.key, `"${name}" is to be a group: a mapping with hosts, children or vars`);
    else if (circle !== undefined) complain(entry.key, `these groups contain each other: ${circle.join(' → ')}`);
  };
  const addHosts = (group: GroupNode, pattern: string, { key, tree: body }: Entry): void => {
    try {
      if (body.entries === undefined && body.value !== null && body.value !== false && body.value !== '')
        throw new HostPatternMistake(`what is said of "${pattern}" is to be a mapping of variables`);
      const { names, port } = hostPattern(pattern);
      for (const name of names) {
        const host = graph.addHost(name, spotAt(key), group, port);
        for (const [variable, { tree: value, key: at }] of body.entries ?? [])
          graph.setOfHost(host, variable, { value: value.value, spot: spotAt(at) });
      }
    } catch (thrown) {
      if (!(thrown instanceof HostPatternMistake)) throw thrown;
      complain(key, thrown.message);
    }
  };
  for (const [name, entry] of tree.entries ?? []) readGroup(name, entry);
  return { issues, warnings };
}

/** One name instead of a mapping stands for itself. */
function sectionOf(part: string, { key, tree }: Entry): ReadonlyMap<string, Entry> | undefined {
  if (tree.value === null || !['hosts', 'children', 'vars'].includes(part)) return new Map();
  if (typeof tree.value === 'string') return new Map([[tree.value, { key, tree: { span: tree.span, value: null } }]]);
  return tree.entries;
}
