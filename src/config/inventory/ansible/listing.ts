import type { ConfigIssue } from '../../../errors.ts';
import { isObject, type Json } from '../../../values/json.ts';
import { asJson } from '../../yaml/as-json.ts';
import type { Source, Span } from '../../yaml/source.ts';
import { type Graph, setOfGroup, type Spot, type Variable } from './graph.ts';

/** What `ansible-inventory --list` prints: groups by name, and all variables of each host in `_meta`. */
export function isListing(value: unknown): value is Record<string, unknown> {
  return isObject(value) && isObject(value['_meta']) && isObject(value['_meta']['hostvars']);
}

/** Adds it to the graph. */
export function readListing(source: Source, listing: Record<string, unknown>, graph: Graph): readonly ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  const complain = (message: string): void => void issues.push({ file: source.file, line: 1, message });
  const spans = hostSpans(source.text);
  const top: Spot = { source, span: { start: 0, end: 1 } };
  const hostVars = isObject(listing['_meta']) ? listing['_meta']['hostvars'] : undefined;
  const known: Readonly<Record<string, unknown>> = isObject(hostVars) ? hostVars : {};
  const addHost = (name: unknown, group: string): void => {
    if (typeof name !== 'string') {
      complain(`the group "${group}" has a host that is no name`);
      return;
    }
    const isNew = !graph.hosts.has(name);
    const span = spans.get(name);
    const spot = span === undefined ? top : { source, span };
    const host = graph.addHost(name, spot, graph.addGroup(group, top));
    const vars = Object.hasOwn(known, name) ? known[name] : undefined;
    if (isNew && isObject(vars))
      for (const [variable, value] of Object.entries(vars))
        host.vars.set(variable, new Listed(asListed(value), variable, spot));
  };
  for (const [name, body] of Object.entries(listing)) {
    if (name === '_meta') continue;
    const group = graph.addGroup(name, top);
    const hosts: unknown = isObject(body) ? body['hosts'] : body;
    const vars = isObject(body) ? body['vars'] : undefined;
    for (const host of Array.isArray(hosts) ? (hosts as unknown[]) : []) addHost(host, name);
    for (const [variable, value] of Object.entries(isObject(vars) ? vars : {}))
      setOfGroup(group, variable, { value: asListed(value), spot: top });
  }
  for (const [name, body] of Object.entries(listing)) {
    const children: unknown = isObject(body) ? body['children'] : undefined;
    for (const child of Array.isArray(children) ? (children as unknown[]) : []) {
      const circle =
        typeof child === 'string' ? graph.addChild(graph.addGroup(name, top), graph.addGroup(child, top)) : undefined;
      if (circle !== undefined) complain(`these groups contain each other: ${circle.join(' → ')}`);
    }
  }
  return issues;
}

/** Its place is looked for in the text when it is asked for. */
class Listed implements Variable {
  readonly value: Json;
  readonly #name: string;
  readonly #host: Spot;

  constructor(value: Json, name: string, host: Spot) {
    this.value = value;
    this.#name = name;
    this.#host = host;
  }

  get spot(): Spot {
    const { source, span } = this.#host;
    for (const key of keysIn(source.text, span.end))
      if (key.depth === 1 && keyOf(source.text, key) === this.#name) return { source, span: key };
    return this.#host;
  }
}

function asListed(value: unknown): Json {
  return typeof value === 'object' ? asJson(value) : (value as Json);
}

interface Key extends Span {
  /** Of the mapping in which it stands, counted from where the reading began. */
  readonly depth: number;
}

/** The keys of a value that is known to be JSON, down to a depth, in order. */
function* keysIn(text: string, from: number, deepest = 1): Generator<Key> {
  const token = /"(?:[^"\\]|\\.)*"|[{}[\]]/g;
  token.lastIndex = from;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [piece] = match;
    if (piece === '{' || piece === '[') depth += 1;
    else if (piece === '}' || piece === ']') {
      depth -= 1;
      if (depth <= 0) return;
    } else if (depth <= deepest) {
      const end = match.index + piece.length;
      // Python puts nothing before a colon.
      if (text[end] === ':') yield { depth, start: match.index, end };
    }
  }
}

function keyOf(text: string, { start, end }: Span): string {
  return JSON.parse(text.slice(start, end)) as string;
}

/** Where the hosts of `_meta.hostvars` stand. */
function hostSpans(text: string): ReadonlyMap<string, Span> {
  const found = new Map<string, Span>();
  const path: string[] = [];
  for (const key of keysIn(text, 0, 3)) {
    path.length = Math.min(path.length, key.depth - 1);
    if (key.depth < 3) path[key.depth - 1] = keyOf(text, key);
    else if (path[0] === '_meta' && path[1] === 'hostvars')
      found.set(keyOf(text, key), { start: key.start, end: key.end });
  }
  return found;
}
