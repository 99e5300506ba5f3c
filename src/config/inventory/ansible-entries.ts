import { isIP } from 'node:net';
import type { ConfigIssue } from '../../errors.ts';
import type { HostTrouble, Jump, Withheld, Written } from '../model/types.ts';
import { issueAt, placeAt } from '../yaml/source.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';
import { type GroupEntry, type HostEntry, hostName } from './inventory-structure.ts';
import type { Graph, Spot } from './ansible/graph.ts';
import type { AnsibleHost } from './ansible/hosts.ts';
import type { Trouble } from './ansible/meaning.ts';

/** What Ansible's inventories add to the structure, and to the hosts that are made of it. */
export interface AnsibleEntries {
  readonly hosts: readonly HostEntry[];
  readonly groups: readonly GroupEntry[];
  readonly besides: ReadonlyMap<string, Beside>;
}

/** What a host has beside its settings. */
export interface Beside {
  readonly troubles: readonly HostTrouble[];
  readonly withheld: ReadonlyMap<string, Withheld>;
  readonly jumps?: Written<readonly Jump[]>;
}

export function entriesOf(graph: Graph, hosts: readonly AnsibleHost[]): AnsibleEntries {
  const issueOf = issueMaker();
  return {
    hosts: hosts.map((host) => ({
      name: host.node.name,
      index: 0,
      count: 1,
      yaml: new Spots(host.node.spot, host.spots),
      path: [],
      settings: host.settings,
    })),
    groups: [...graph.groups.values()]
      .filter(({ name }) => name !== 'all' && name !== 'ungrouped')
      .map(({ name, hosts: members, children }) => ({
        name,
        entries: [],
        hosts: new Set(Array.from(members, (host) => host.name)),
        children: Array.from(children, (child) => child.name).filter((child) => child !== 'ungrouped'),
      })),
    besides: new Map(hosts.map((host) => [host.node.name, besideOf(host, issueOf)])),
  };
}

function besideOf(
  { node, troubles, unread, withheld, through }: AnsibleHost,
  issueOf: (trouble: Trouble) => HostTrouble,
): Beside {
  const { name, spot } = node;
  const isNamed = hostName.test(name) || isIP(name) !== 0;
  return {
    troubles: [
      ...(isNamed
        ? []
        : [
            issueOf({
              spot,
              message: `"${name}" cannot name a host: use letters, digits, ".", "_" and "-", and write anything else as its ansible_host`,
            }),
          ]),
      ...troubles.map(issueOf),
      ...unread.map((issue) => ({ ...issue, isUnread: true })),
    ],
    withheld: new Map(
      Array.from(withheld, ([variable, { spot: at, message }]) => [
        variable,
        { why: message, place: placeAt(at.source, at.span.start) },
      ]),
    ),
    // ssh on its own knows nothing of the hosts of an inventory.
    ...(through === undefined
      ? {}
      : {
          jumps: {
            value: through.jumps.map((jump): Jump => ({ ...jump, isOutside: true })),
            place: placeAt(through.spot.source, through.spot.span.start),
          },
        }),
  };
}

/** What a group says is a trouble of each of its hosts, and is made once. */
function issueMaker(): (trouble: Trouble) => HostTrouble {
  const known = new Map<Spot, Map<string, HostTrouble>>();
  return ({ spot, message }) => {
    const here = known.get(spot) ?? new Map<string, HostTrouble>();
    known.set(spot, here);
    const issue = here.get(message) ?? issueAt(spot.source, spot.span, message);
    here.set(message, issue);
    return issue;
  };
}

/** The places of one host's settings, in whichever files they are written. */
class Spots implements YamlFile {
  readonly value = null;
  readonly #host: Spot;
  readonly #settings: AnsibleHost['spots'];

  constructor(host: Spot, settings: AnsibleHost['spots']) {
    this.#host = host;
    this.#settings = settings;
  }

  get source(): Spot['source'] {
    return this.#host.source;
  }

  placeOf(path: Path): ReturnType<YamlFile['placeOf']> {
    const { source, span } = this.#spotOf(path);
    return placeAt(source, span.start);
  }

  keySpan(path: Path): ReturnType<YamlFile['keySpan']> {
    return this.#spotOf(path).span;
  }

  issue(path: Path, message: string): ConfigIssue {
    const { source, span } = this.#spotOf(path);
    return issueAt(source, span, message);
  }

  issueIn(path: Path, _span: unknown, message: string): ConfigIssue {
    return this.issue(path, message);
  }

  placeIn(path: Path): ReturnType<YamlFile['placeIn']> {
    return this.placeOf(path);
  }

  #spotOf(path: Path): Spot {
    return this.#settings.get(String(path.at(-1) ?? ''))?.spot ?? this.#host;
  }
}
