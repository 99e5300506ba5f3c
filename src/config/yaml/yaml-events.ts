import {
  COLLECTION_STYLE,
  EVENT_ID,
  getScalarValue,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
  type Event,
} from 'js-yaml';
import { isScalar, Schema } from 'yaml';
import { endOfBlock, type Anchors, type ListNode, type MappingNode, type ScalarNode, type YamlNode } from './node.ts';

/** Why a text is not read here, and where. */
export interface Doubt {
  readonly at: number;
  readonly why: string;
}

const maxDepth = 64;
/** Of a key before its colon; the careful library refuses one that is a little longer. */
const maxKey = 1000;

/**
 * Where the two libraries might not agree on what a text means, or on whether it is valid at all. To be too careful here
 * costs nothing but time.
 */
const doubtful: readonly (readonly [RegExp, string])[] = [
  [/\r(?!\n)/, 'a carriage return without a line feed'],
  [/[^\t\n\r\u0020-\u007e\u00a1-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\ud800-\udfff]/, 'a control character'],
  [/\t/, 'a tab'],
  [/^ /, 'a first line that is indented'],
  [/^ {201}/m, 'more than 200 columns of indentation'],
  [/(?:^|[\s[{,-])\?(?:\s|$)/m, 'a key that is marked with "?"'],
  [/\\\r?\n *\r?\n/, 'an empty line after a backslash'],
  [/^(?:%|\.\.\.)/m, 'a directive, or the end of a document'],
];

/** The node of a text's one document, or why it is not certain that the careful library would read the same. */
export function readEvents(text: string): { readonly root: YamlNode } | { readonly doubt: Doubt } {
  for (const [pattern, why] of doubtful) {
    const at = text.search(pattern);
    if (at !== -1) return { doubt: { at, why } };
  }
  try {
    return { root: build(text, parseEvents(text, { maxDepth })) };
  } catch (thrown) {
    if (thrown instanceof Doubtful) return { doubt: { at: thrown.at, why: thrown.message } };
    if (thrown instanceof YAMLException) return { doubt: { at: thrown.mark?.position ?? 0, why: thrown.reason } };
    throw thrown;
  }
}

class Doubtful extends Error {
  readonly at: number;
  constructor(at: number, why: string) {
    super(why);
    this.at = at;
  }
}

interface Open {
  readonly node: ListNode | MappingNode;
  /** Not within brackets. */
  readonly inBlock: boolean;
  key: ScalarNode | undefined;
}

/** The flat list of a text's nodes as a tree. */
function build(text: string, events: readonly Event[]): YamlNode {
  const anchors: Anchors = new Map();
  const open: Open[] = [];
  let documents = 0;
  let root: YamlNode | undefined;
  let last = 0;
  const put = (node: YamlNode | null): void => {
    const into = open.at(-1);
    if (into === undefined) root = node ?? undefined;
    else if (into.node.kind === 'mapping') {
      if (into.key !== undefined) into.node.pairs.push({ key: into.key, value: node });
      into.key = undefined;
    } else if (node === null) throw new Doubtful(last, 'an empty entry of a list');
    else if (into.inBlock && !isFirstOnItsLine(text, node.start))
      throw new Doubtful(node.start, 'what stands before an entry of a list');
    else into.node.items.push(node);
  };
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) {
      documents += 1;
      if (documents > 1) throw new Doubtful(last, 'a second document');
      continue;
    }
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    if (event.type !== EVENT_ID.ALIAS && event.tagStart !== -1) throw new Doubtful(event.tagStart, 'a tag');
    const into = open.at(-1);
    const isKey = into?.node.kind === 'mapping' && into.key === undefined;
    const anchor = event.anchorStart === -1 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
    if (anchor !== undefined) {
      const isValue = into?.inBlock === true && into.key !== undefined;
      if (!/^[\w-]+$/.test(anchor) || (event.type !== EVENT_ID.ALIAS && !isValue))
        throw new Doubtful(event.anchorStart, 'the place or the name of an anchor');
    }
    if (event.type === EVENT_ID.SCALAR) {
      const node = event.valueStart === -1 ? null : scalar(text, event, isKey);
      last = node?.end ?? last;
      if (anchor !== undefined) {
        if (node === null) throw new Doubtful(event.anchorStart, 'an anchor of nothing');
        anchors.set(anchor, node);
      }
      if (!isKey) put(node);
      else if (node === null || node.end - node.start > maxKey)
        throw new Doubtful(node?.start ?? last, 'a key that is empty or very long');
      else if (into.inBlock && !isFirstOnItsLine(text, node.start))
        throw new Doubtful(node.start, 'what stands before a key');
      else into.key = node;
    } else {
      last = event.type === EVENT_ID.ALIAS ? event.anchorEnd : event.start;
      if (isKey) throw new Doubtful(last, 'a key that is no text');
      if (event.type === EVENT_ID.ALIAS) {
        const name = anchor ?? '';
        put({ kind: 'alias', start: event.anchorStart - 1, name, target: anchors.get(name) });
        continue;
      }
      const node: ListNode | MappingNode =
        event.type === EVENT_ID.SEQUENCE
          ? { kind: 'list', start: event.start, items: [] }
          : { kind: 'mapping', start: event.start, pairs: [] };
      if (anchor !== undefined) {
        if (event.style === COLLECTION_STYLE.BLOCK && !text.slice(event.anchorEnd, event.start).includes('\n'))
          throw new Doubtful(event.anchorStart, 'an anchor on the line of what it names');
        anchors.set(anchor, node);
      }
      put(node);
      open.push({ node, inBlock: event.style === COLLECTION_STYLE.BLOCK, key: undefined });
    }
  }
  if (root === undefined || root.kind === 'scalar' || root.kind === 'alias') throw new Doubtful(0, 'no mapping');
  return root;
}

function scalar(
  text: string,
  event: Extract<Event, { readonly style: 1 | 2 | 3 | 4 | 5; fast: boolean }>,
  isKey: boolean,
): ScalarNode {
  const value = getScalarValue(text, event);
  const { valueStart: start, valueEnd: end } = event;
  switch (event.style) {
    case SCALAR_STYLE.PLAIN:
      return { kind: 'scalar', start, end, style: 'plain', value: isKey ? value : plainValue(value) };
    case SCALAR_STYLE.SINGLE_QUOTED:
      return { kind: 'scalar', start: start - 1, end: end + 1, style: 'single', value };
    case SCALAR_STYLE.DOUBLE_QUOTED:
      return { kind: 'scalar', start: start - 1, end: end + 1, style: 'double', value };
    case SCALAR_STYLE.LITERAL_BLOCK:
    case SCALAR_STYLE.FOLDED_BLOCK:
      if (value.trim() === '') throw new Doubtful(start, 'an empty text block');
      return { kind: 'scalar', start: headerOf(text, start), end: endOfBlock(text, start, end), style: 'block', value };
  }
}

/** Whether nothing but indentation and the dashes of lists stands before it. */
function isFirstOnItsLine(text: string, offset: number): boolean {
  for (let at = offset - 1; at >= 0; at -= 1) {
    const character = text[at];
    if (character === '\n') return true;
    if (character !== ' ' && (character !== '-' || text[at + 1] !== ' ')) return false;
  }
  return true;
}

/** Where the `|` or `>` stands whose lines begin there. */
function headerOf(text: string, content: number): number {
  const line = text.lastIndexOf('\n', content - 2) + 1;
  const header = /[|>][-+]? *\r?\n$/.exec(text.slice(line, content));
  if (header === null) throw new Doubtful(line, 'the beginning of a text block');
  return line + header.index;
}

const { tags } = new Schema({ schema: 'core' });

/** What a word that stands without quotes means; the careful library is asked itself. */
function plainValue(source: string): unknown {
  if (!/^[-+.0-9TtFfNn~]/.test(source)) return source;
  for (const tag of tags) {
    if (tag.collection !== undefined || tag.default !== true || tag.test?.test(source) !== true) continue;
    const value = tag.resolve(source, () => undefined, {});
    return isScalar(value) ? value.value : value;
  }
  return source;
}
