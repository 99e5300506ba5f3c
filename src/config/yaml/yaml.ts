import type { ConfigIssue } from '../../errors.ts';
import type { Json } from '../../values/json.ts';
import {
  isEmpty,
  nameOf,
  spanOf,
  type AliasNode,
  type MappingNode,
  type ScalarNode,
  type YamlNode,
  type YamlPair,
} from './node.ts';
import { issueAt, makeSource, placeAt, type Source, type Span } from './source.ts';
import { spanInScalar } from './scalar.ts';
import type { Place } from '../model/types.ts';
import { decode, readDocument } from './yaml-document.ts';
import { readEvents } from './yaml-events.ts';

export type Path = readonly (string | number)[];

/** A YAML file as a plain value, and the way back from a path in that value to the place in the file. */
export interface YamlFile {
  readonly source: Source;
  readonly value: Json;
  placeOf(path: Path): Place;
  keySpan(path: Path): Span;
  /** At a value, or at its key; for a path that does not exist, at its nearest ancestor. */
  issue(path: Path, message: string, at?: 'key' | 'value'): ConfigIssue;
  /** Inside a string: `span` counts within the string's value. */
  issueIn(path: Path, span: Span, message: string): ConfigIssue;
  /** The place of an offset inside a string's value. */
  placeIn(path: Path, offset: number): Place;
}

/** A whole file, of which what is written can be told. */
export interface WrittenYaml extends YamlFile {
  /** A text with its quotes, or with the head of its block. */
  valueSpan(path: Path): Span;
}

const maxNodes = 2_000_000;
/** Line ends, commas and opening brackets: no text has more values than these, but for one. Counted before anything is made of it. */
const maxSeparators = 3_000_000;
const maxDepth = 64;
/** A larger text than this is read by the fast library or not at all: the careful one takes 3 s and 100 MB for each MiB. */
const maxCareful = 4 * 1024 * 1024;

/** Decodes and parses one file. Issues that make the value unusable leave `yaml` undefined. */
export function parseYaml(
  file: string,
  bytes: Uint8Array,
): { readonly yaml?: WrittenYaml; readonly issues: readonly ConfigIssue[] } {
  const decoded = decode(file, bytes);
  if ('issue' in decoded) return { issues: [decoded.issue] };
  const source = makeSource(file, decoded.text);
  const read = readSource(source);
  if ('issues' in read) return read;
  const { root } = read;
  const reader = new Reader(source);
  const value = reader.read(root, 0);
  if (reader.issues.length > 0) return { issues: reader.issues };
  const pairs = pairFinder();
  const find = (path: Path): Found => locate(pairs, root, path);
  const yaml: WrittenYaml = {
    source,
    value,
    placeOf: (path) => placeAt(source, find(path).key.start),
    keySpan: (path) => find(path).key,
    valueSpan: (path) => find(path).value,
    issue: (path, message, at = 'value') => issueAt(source, find(path)[at], message),
    issueIn: (path, span, message) => issueAt(source, spanInScalar(source.text, find(path).node, span), message),
    placeIn: (path, offset) =>
      placeAt(source, spanInScalar(source.text, find(path).node, { start: offset, end: offset + 1 }).start),
  };
  return { yaml, issues: [] };
}

/** By the fast library what is certain; the rest by the careful one, which names all that is wrong with a text. */
function readSource(source: Source): { readonly root: YamlNode } | { readonly issues: readonly ConfigIssue[] } {
  if (separatorsIn(source.text) > maxSeparators)
    return { issues: [{ file: source.file, message: `more than ${String(maxNodes)} values in one file` }] };
  const fast = readEvents(source.text);
  if ('root' in fast) return fast;
  if (source.text.length <= maxCareful) return readDocument(source);
  const { at, why } = fast.doubt;
  const message = `not read: ${why} (of a file this large only plain YAML is read, and of what is not only the first is named)`;
  return { issues: [issueAt(source, { start: at, end: at + 1 }, message)] };
}

function separatorsIn(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x0a || code === 0x2c || code === 0x5b || code === 0x7b) count += 1;
  }
  return count;
}

/** Turns nodes into plain values and refuses what could mislead or exhaust. */
class Reader {
  readonly issues: ConfigIssue[] = [];
  readonly #source: Source;
  readonly #maxAliasNodes: number;
  #nodes = 0;
  #aliasNodes = 0;
  #exhausted = false;

  constructor(source: Source) {
    this.#source = source;
    this.#maxAliasNodes = Math.max(10_000, Math.floor(source.text.length / 10));
  }

  /** `aliases` are the ones being followed, outermost first. */
  read(node: YamlNode | null, depth: number, aliases: readonly AliasNode[] = []): Json {
    const [outermost] = aliases;
    if (node === null || this.#exhausted) return null;
    this.#nodes += 1;
    if (outermost !== undefined) this.#aliasNodes += 1;
    if (depth > maxDepth) return this.#exhaust(outermost ?? node, `nested more than ${String(maxDepth)} levels deep`);
    if (this.#aliasNodes > this.#maxAliasNodes)
      return this.#exhaust(
        outermost ?? node,
        `aliases repeat more than ${String(this.#maxAliasNodes)} values: refused, because a small file can grow without end this way`,
      );
    if (this.#nodes > maxNodes) return this.#exhaust(node, `more than ${String(maxNodes)} values in one file`);
    switch (node.kind) {
      case 'alias':
        if (node.target === undefined)
          return this.#refuse(node, `the alias *${node.name} has no anchor &${node.name} before it`);
        if (aliases.includes(node)) return this.#refuse(node, `the alias *${node.name} contains itself`);
        return this.read(node.target, depth + 1, [...aliases, node]);
      case 'scalar':
        return this.#scalar(node);
      case 'list':
        return node.items.map((item) => this.read(item, depth + 1, aliases));
      case 'mapping':
        return this.#mapping(node, depth, aliases);
    }
  }

  #mapping(node: MappingNode, depth: number, aliases: readonly AliasNode[]): Json {
    const mapping: Record<string, Json> = {};
    // The libraries' own check is not asked for: one compares every key with every other, minutes for a large inventory.
    for (const { key, value } of node.pairs) {
      const name = nameOf(key);
      if (Object.hasOwn(mapping, name))
        this.#refuse(
          key,
          `the key "${name}" stands twice in this mapping; the second would silently replace the first`,
        );
      // Nothing is made of this value once something is refused; the key is known when it comes again.
      if (name === '<<' || name === '__proto__')
        Object.defineProperty(mapping, name, { value: null, configurable: true });
      if (name === '<<')
        this.#refuse(
          key,
          'merge keys (<<) are not read: use groups and defaults in an inventory, or write the keys out',
        );
      else if (name === '__proto__') this.#refuse(key, 'the key "__proto__" is refused');
      else mapping[name] = this.read(value, depth + 1, aliases);
    }
    return mapping;
  }

  #scalar(node: ScalarNode): Json {
    const { value } = node;
    if (typeof value === 'number') {
      const exact = Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
      return exact ? value : this.#refuse(node, 'this number cannot be held exactly; write it in quotes');
    }
    return value === null || typeof value === 'string' || typeof value === 'boolean'
      ? value
      : this.#refuse(node, 'this value is not read');
  }

  /** Nothing more is read after this: one issue says it. */
  #exhaust(node: YamlNode, message: string): null {
    this.#exhausted = true;
    return this.#refuse(node, message);
  }

  #refuse(node: YamlNode, message: string): null {
    this.issues.push(issueAt(this.#source, spanOf(node), message));
    return null;
  }
}

type PairFinder = (map: MappingNode) => ReadonlyMap<string, YamlPair>;

/** The pairs of a mapping by key, indexed once: a place is asked for every host. */
function pairFinder(): PairFinder {
  const indexes = new Map<MappingNode, ReadonlyMap<string, YamlPair>>();
  return (map) => {
    const index = indexes.get(map) ?? new Map(map.pairs.map((pair) => [nameOf(pair.key), pair]));
    indexes.set(map, index);
    return index;
  };
}

interface Found {
  readonly key: Span;
  readonly value: Span;
  readonly node: YamlNode | null;
}

function locate(pairs: PairFinder, root: YamlNode, path: Path): Found {
  let found: Found = { key: spanOf(root), value: spanOf(root), node: root };
  for (const step of path) {
    const node = found.node?.kind === 'alias' ? (found.node.target ?? null) : found.node;
    let next: Found | undefined;
    if (node?.kind === 'mapping') {
      const pair = pairs(node).get(String(step));
      if (pair !== undefined)
        next = {
          key: spanOf(pair.key),
          value: isEmpty(pair.value) ? spanOf(pair.key) : spanOf(pair.value),
          node: pair.value,
        };
    } else if (node?.kind === 'list' && typeof step === 'number') {
      const item = node.items[step];
      if (item !== undefined) next = { key: spanOf(item), value: spanOf(item), node: item };
    }
    if (next === undefined) return found;
    found = next;
  }
  return found;
}
