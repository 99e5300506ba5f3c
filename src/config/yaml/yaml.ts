import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  visit,
  type Document,
  type Node,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import type { ConfigIssue } from '../../errors.ts';
import type { Json } from '../../values/json.ts';
import { issueAt, makeSource, placeAt, type Source, type Span } from './source.ts';
import { spanInScalar } from './scalar.ts';
import type { Place } from '../model/types.ts';
import { decode, readDocument } from './yaml-document.ts';

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

const maxNodes = 200_000;
const maxAliasNodes = 10_000;
const maxDepth = 64;

/** Decodes and parses one file. Issues that make the value unusable leave `yaml` undefined. */
export function parseYaml(
  file: string,
  bytes: Uint8Array,
): { readonly yaml?: YamlFile; readonly issues: readonly ConfigIssue[] } {
  const decoded = decode(file, bytes);
  if ('issue' in decoded) return { issues: [decoded.issue] };
  const source = makeSource(file, decoded.text);
  const read = readDocument(source);
  if ('issues' in read) return read;
  const { document } = read;
  const root = document.contents;
  const aliases = aliasTargets(document);
  const reader = new Reader(source, aliases);
  const value = root === null ? null : reader.read(root, 0);
  if (reader.issues.length > 0) return { issues: reader.issues };
  const pairs = pairFinder();
  const find = (path: Path): Found => locate(aliases, pairs, root, path);
  const yaml: YamlFile = {
    source,
    value,
    placeOf: (path) => placeAt(source, find(path).key.start),
    keySpan: (path) => find(path).key,
    issue: (path, message, at = 'value') => issueAt(source, find(path)[at], message),
    issueIn: (path, span, message) => issueAt(source, spanInScalar(source.text, find(path).node, span), message),
    placeIn: (path, offset) =>
      placeAt(source, spanInScalar(source.text, find(path).node, { start: offset, end: offset + 1 }).start),
  };
  return { yaml, issues: [] };
}

type Targets = ReadonlyMap<Node, ParsedNode>;

/** What each alias stands for, found in one pass: the library's own look-up walks the document once for each. */
function aliasTargets(document: Document.Parsed): Targets {
  const anchors = new Map<string, ParsedNode>();
  const targets = new Map<Node, ParsedNode>();
  visit(document, (_key, node) => {
    if (!isNode(node)) return;
    const target = isAlias(node) ? anchors.get(node.source) : undefined;
    if (target !== undefined) targets.set(node, target);
    if (!isAlias(node) && node.anchor !== undefined && isParsed(node)) anchors.set(node.anchor, node);
  });
  return targets;
}

/** Turns nodes into plain values and refuses what could mislead or exhaust. */
class Reader {
  readonly issues: ConfigIssue[] = [];
  readonly #source: Source;
  readonly #targets: Targets;
  #nodes = 0;
  #aliasNodes = 0;
  #exhausted = false;

  constructor(source: Source, targets: Targets) {
    this.#source = source;
    this.#targets = targets;
  }

  /** `aliases` are the ones being followed, outermost first. */
  read(node: ParsedNode | null, depth: number, aliases: readonly ParsedNode[] = []): Json {
    const [outermost] = aliases;
    if (node === null || this.#exhausted) return null;
    this.#nodes += 1;
    if (outermost !== undefined) this.#aliasNodes += 1;
    if (depth > maxDepth) return this.#exhaust(outermost ?? node, `nested more than ${String(maxDepth)} levels deep`);
    if (this.#aliasNodes > maxAliasNodes)
      return this.#exhaust(
        outermost ?? node,
        `aliases repeat more than ${String(maxAliasNodes)} values: refused, because a small file can grow without end this way`,
      );
    if (this.#nodes > maxNodes) return this.#exhaust(node, `more than ${String(maxNodes)} values in one file`);
    if (isAlias(node)) {
      const target = this.#targets.get(node);
      if (target === undefined)
        return this.#refuse(node, `the alias *${node.source} has no anchor &${node.source} before it`);
      if (aliases.includes(node)) return this.#refuse(node, `the alias *${node.source} contains itself`);
      return this.read(target, depth + 1, [...aliases, node]);
    }
    if (isScalar(node)) return this.#scalar(node);
    if (isSeq(node)) return node.items.map((item) => this.read(item, depth + 1, aliases));
    const entries: [string, Json][] = [];
    // The library's own check compares every key with every other: minutes for a large inventory.
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (seen.has(name))
        this.#refuse(
          key,
          `the key "${name}" stands twice in this mapping; the second would silently replace the first`,
        );
      seen.add(name);
      if (name === '<<')
        this.#refuse(
          key,
          'merge keys (<<) are not read: use groups and defaults in an inventory, or write the keys out',
        );
      else if (name === '__proto__') this.#refuse(key, 'the key "__proto__" is refused');
      else entries.push([name, this.read(value, depth + 1, aliases)]);
    }
    return Object.fromEntries(entries);
  }

  #scalar(node: ParsedNode & { readonly value: unknown }): Json {
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
  #exhaust(node: ParsedNode, message: string): null {
    this.#exhausted = true;
    return this.#refuse(node, message);
  }

  #refuse(node: ParsedNode, message: string): null {
    this.issues.push(issueAt(this.#source, spanOf(node), message));
    return null;
  }
}

type ParsedMap = Extract<ParsedNode, YAMLMap>;
type PairFinder = (map: ParsedMap) => ReadonlyMap<string, ParsedMap['items'][number]>;

/** The pairs of a mapping by key, indexed once: a place is asked for every host. */
function pairFinder(): PairFinder {
  const indexes = new Map<ParsedMap, ReadonlyMap<string, ParsedMap['items'][number]>>();
  return (map) => {
    const index =
      indexes.get(map) ?? new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]));
    indexes.set(map, index);
    return index;
  };
}

interface Found {
  readonly key: Span;
  readonly value: Span;
  readonly node: ParsedNode | null;
}

function locate(targets: Targets, pairs: PairFinder, root: ParsedNode | null, path: Path): Found {
  const start: Found = { key: spanOf(root), value: spanOf(root), node: root };
  let found = start;
  for (const step of path) {
    const node = isAlias(found.node) ? (targets.get(found.node) ?? null) : found.node;
    let next: Found | undefined;
    if (isMap(node)) {
      const pair = pairs(node).get(String(step));
      if (pair !== undefined)
        next = {
          key: spanOf(pair.key),
          value: pair.value === null || isEmpty(pair.value) ? spanOf(pair.key) : spanOf(pair.value),
          node: pair.value,
        };
    } else if (isSeq(node) && typeof step === 'number') {
      const item = node.items[step];
      if (item !== undefined) next = { key: spanOf(item), value: spanOf(item), node: item };
    }
    if (next === undefined) return found;
    found = next;
  }
  return found;
}

function isParsed(node: { readonly range?: unknown }): node is ParsedNode {
  return node.range !== undefined && node.range !== null;
}

function isEmpty(node: ParsedNode): boolean {
  return node.range[0] === node.range[1];
}

/** A collection is pointed at by its first character: a caret under a whole block says nothing. */
function spanOf(node: ParsedNode | null): Span {
  if (node === null) return { start: 0, end: 1 };
  const [start, end] = node.range;
  return { start, end: isScalar(node) ? end : start + 1 };
}
