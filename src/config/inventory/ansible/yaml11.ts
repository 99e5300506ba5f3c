import { isAlias, isMap, isScalar, isSeq, parseAllDocuments, type Document, type ParsedNode } from 'yaml';
import type { ConfigIssue } from '../../../errors.ts';
import type { Json } from '../../../values/json.ts';
import { issueAt, type Source, type Span } from '../../yaml/source.ts';
import { tooDeepAt } from '../../yaml/yaml-nesting.ts';

/** A value of a YAML file with the places of what is in it. */
export interface Tree {
  readonly span: Span;
  readonly value: Json;
  /** Of a mapping. */
  readonly entries?: ReadonlyMap<string, { readonly key: Span; readonly tree: Tree }>;
}

export interface YamlRead {
  /** Undefined when the file is empty, too. */
  readonly tree?: Tree;
  readonly issues: readonly ConfigIssue[];
  /** What Ansible warns of. */
  readonly warnings: readonly ConfigIssue[];
}

/** What is made of YAML takes a hundred times the memory of its text. */
const maxLength = 8 * 1024 * 1024;
const maxNodes = 5_000_000;
const maxAliasNodes = 1_000_000;
const maxDepth = 64;

/**
 * YAML as Ansible reads it, which is 1.1 by Python's rules: `yes` is true, `010` is eight, `<<` merges, of a key that stands
 * twice the later one counts, `!vault` and `!unsafe` are known.
 */
export function readYaml11(source: Source): YamlRead {
  const complain = (span: Span, message: string): YamlRead => ({
    issues: [issueAt(source, span, message)],
    warnings: [],
  });
  if (source.text.length > maxLength)
    return complain(
      { start: 0, end: 1 },
      `more than ${String(maxLength / 1024 / 1024)} MiB of YAML are not read: divide it, or give what ansible-inventory --list prints of it`,
    );
  const deep = tooDeepAt(source.text);
  if (deep !== undefined) return complain({ start: deep, end: deep + 1 }, 'the file is nested too deeply');
  const parsed = parseAllDocuments(source.text, {
    prettyErrors: false,
    strict: false,
    uniqueKeys: false,
    schema: 'failsafe',
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  const documents: readonly Document.Parsed[] = 'empty' in parsed ? [] : parsed;
  const issues = documents.flatMap(({ errors }) =>
    errors.map(({ message, pos: [start, end] }) =>
      issueAt(source, { start, end }, `not valid YAML: ${message.split('\n')[0] ?? message}`),
    ),
  );
  if (issues.length > 0) return { issues, warnings: [] };
  const [first, second] = documents;
  if (second !== undefined)
    return complain(
      { start: first?.range[2] ?? 0, end: (first?.range[2] ?? 0) + 1 },
      'a second YAML document (after ---) is not read; put it in a file of its own',
    );
  if (first?.contents == null) return { issues: [], warnings: [] };
  const reader = new Reader(source);
  const tree = reader.read(first.contents, 0);
  return reader.issues.length > 0
    ? { issues: reader.issues, warnings: [] }
    : { tree, issues: [], warnings: reader.warnings };
}

type Entries = Map<string, { readonly key: Span; readonly tree: Tree }>;

class Reader {
  readonly issues: ConfigIssue[] = [];
  readonly warnings: ConfigIssue[] = [];
  readonly #source: Source;
  readonly #anchors = new Map<string, Tree | undefined>();
  #nodes = 0;
  #aliasNodes = 0;
  #exhausted = false;

  constructor(source: Source) {
    this.#source = source;
  }

  read(node: ParsedNode | null, depth: number): Tree {
    const span = spanOf(node);
    const nothing: Tree = { span, value: null };
    if (node === null || this.#exhausted) return nothing;
    this.#nodes += 1;
    if (this.#nodes > maxNodes || depth > maxDepth) {
      this.#exhausted = true;
      return this.#refuse(
        span,
        depth > maxDepth ? 'the file is nested too deeply' : 'more values than any inventory has',
      );
    }
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) return this.#refuse(span, `the alias *${node.source} has no anchor before it`);
      this.#aliasNodes += sizeOf(target, maxAliasNodes - this.#aliasNodes);
      if (this.#aliasNodes < maxAliasNodes) return target;
      this.#exhausted = true;
      return this.#refuse(span, 'aliases repeat so many values that the file would grow without end');
    }
    const tree = this.#content(node, span, depth);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, tree);
    return tree;
  }

  #content(node: ParsedNode, span: Span, depth: number): Tree {
    const { tag } = node;
    if (isScalar(node)) {
      const text = typeof node.value === 'string' ? node.value : '';
      if (tag === '!vault' || tag === '!vault-encrypted') return { span, value: { __ansible_vault: text } };
      if (tag === '!unsafe') return { span, value: { __ansible_unsafe: text } };
      if (tag === undefined || tag === '!')
        return { span, value: node.type === 'PLAIN' && tag !== '!' ? plainValue(text) : text };
      const kind = /^tag:yaml\.org,2002:(\w+)$/.exec(tag)?.[1];
      if (kind === 'str') return { span, value: text };
      if (['int', 'float', 'bool', 'null', 'timestamp'].includes(kind ?? '')) return { span, value: plainValue(text) };
      return this.#refuse(span, `the YAML tag ${tag} is not read`);
    }
    if (tag !== undefined && !/^!unsafe$|^tag:yaml\.org,2002:(?:map|seq|omap|set)$/.test(tag))
      return this.#refuse(span, `the YAML tag ${tag} is not read`);
    if (isSeq(node)) return { span, value: node.items.map((item) => this.read(item, depth + 1).value) };
    return isMap(node) ? this.#mapping(node.items, span, depth) : { span, value: null };
  }

  #mapping(items: readonly { key: ParsedNode; value: ParsedNode | null }[], span: Span, depth: number): Tree {
    const merged: Entries = new Map();
    const own: Entries = new Map();
    for (const { key, value } of items) {
      const at = spanOf(key);
      const isPlain = isScalar(key) && key.type === 'PLAIN';
      if (!isScalar(key) || typeof key.value !== 'string') {
        this.#refuse(at, 'a key is to be a text');
        continue;
      }
      // Python's name of what the key is; nobody names a host or a variable so.
      const plain = isPlain ? plainValue(key.value) : key.value;
      const name = typeof plain === 'boolean' ? (plain ? 'True' : 'False') : key.value;
      const tree = this.read(value, depth + 1);
      if (isPlain && key.value === '<<') this.#merge(merged, tree, at);
      else {
        if (own.has(name))
          this.warnings.push(
            issueAt(
              this.#source,
              at,
              `the key "${name}" stands twice in this mapping; the later one counts, as Ansible has it`,
            ),
          );
        own.set(name, { key: at, tree });
      }
    }
    const entries: Entries = new Map([...merged, ...own]);
    return {
      span,
      entries,
      value: Object.fromEntries(Array.from(entries, ([name, { tree }]) => [name, tree.value])),
    };
  }

  /** Of several the first one wins. */
  #merge(into: Entries, { entries, value }: Tree, span: Span): void {
    if (entries === undefined) {
      if (value !== null) this.#refuse(span, 'what is merged (<<) is to be one mapping');
      return;
    }
    for (const [name, entry] of entries) if (!into.has(name)) into.set(name, entry);
  }

  #refuse(span: Span, message: string): Tree {
    this.issues.push(issueAt(this.#source, span, message));
    return { span, value: null };
  }
}

/** No more is counted than is asked for. */
function sizeOf({ value }: Tree, most: number): number {
  let size = 0;
  const open: Json[] = [value];
  for (let next = open.pop(); next !== undefined && size < most; next = open.pop()) {
    size += 1;
    if (typeof next === 'object' && next !== null) open.push(...Object.values<Json>(next));
  }
  return size;
}

const integer = /^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0[0-7_]*|[1-9][0-9_]*|[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const float =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|[-+]?\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*)$/;

/** What a word without quotes is for PyYAML. Dates, and what no number here can hold, stay text. */
export function plainValue(text: string): Json {
  if (/^(?:~|null|Null|NULL|)$/.test(text)) return null;
  if (/^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/.test(text)) return true;
  if (/^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/.test(text)) return false;
  if (!/^[-+.0-9]/.test(text)) return text;
  if (!integer.test(text) && !float.test(text)) return text;
  const bare = text.replaceAll('_', '').replace(/^[-+]/, '');
  const size = bare.includes(':')
    ? bare.split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
    : integer.test(text) && /^0[0-7]+$/.test(bare)
      ? parseInt(bare, 8)
      : Number(bare);
  if (!Number.isFinite(size) || (integer.test(text) && !Number.isSafeInteger(size))) return text;
  return text.startsWith('-') ? -size : size;
}

function spanOf(node: ParsedNode | null): Span {
  if (node === null) return { start: 0, end: 1 };
  const [start, end] = node.range;
  return { start, end: isScalar(node) ? end : start + 1 };
}
