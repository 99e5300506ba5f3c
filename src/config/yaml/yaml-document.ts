import { isAlias, isMap, isScalar, parseAllDocuments, type Document, type ParsedNode } from 'yaml';
import type { ConfigIssue } from '../../errors.ts';
import { endOfBlock, type Anchors, type ListNode, type MappingNode, type ScalarNode, type YamlNode } from './node.ts';
import { issueAt, type Source } from './source.ts';
import { tooDeepAt } from './yaml-nesting.ts';

const maxMebibytes = 64;

/** UTF-8 without guessing; a byte order mark is dropped. */
export function decode(file: string, bytes: Uint8Array): { readonly text: string } | { readonly issue: ConfigIssue } {
  if (bytes.byteLength > maxMebibytes * 1024 * 1024)
    return {
      issue: { file, message: `the file is larger than ${String(maxMebibytes)} MiB: that is no inventory or playbook` },
    };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    const before = new TextDecoder('utf-8').decode(bytes).split('\ufffd')[0] ?? '';
    const line = before.split('\n').length;
    return { issue: { file, line, message: 'the file is not UTF-8 text; save it as UTF-8' } };
  }
}

type Outcome = { readonly root: YamlNode } | { readonly issues: readonly ConfigIssue[] };

/** The one document that a text has, or everything for which it is not read. */
export function readDocument(source: Source): Outcome {
  const deep = tooDeepAt(source.text);
  if (deep !== undefined)
    return { issues: [issueAt(source, { start: deep, end: deep + 1 }, 'the file is nested too deeply')] };
  const parsed = parseAllDocuments(source.text, {
    prettyErrors: false,
    strict: true,
    uniqueKeys: false,
    stringKeys: true,
    schema: 'core',
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  const documents: readonly Document.Parsed[] = 'empty' in parsed ? [] : parsed;
  const [document, second] = documents;
  if (document === undefined || (document.contents === null && document.errors.length === 0))
    return { issues: [{ file: source.file, message: 'the file is empty' }] };
  const issues = documents.flatMap(({ errors, warnings }) =>
    [...errors, ...warnings].map(({ code, message, pos: [start, end] }) =>
      issueAt(source, { start, end }, explainYaml(code, message)),
    ),
  );
  if (issues.length > 0) return { issues };
  if (second !== undefined) {
    const start = second.contents?.range[0] ?? document.range[2];
    return {
      issues: [
        issueAt(
          source,
          { start, end: start + 1 },
          'a second YAML document (after ---) is not read; put it in a file of its own',
        ),
      ],
    };
  }
  if (document.directives.yaml.explicit === true && document.directives.yaml.version !== '1.2') {
    return {
      issues: [
        issueAt(
          source,
          { start: 0, end: 5 },
          `YAML ${document.directives.yaml.version} reads values differently (yes, 012); remove the %YAML line, files are YAML 1.2`,
        ),
      ],
    };
  }
  return { root: nodeOf(source.text, document.contents, new Map()) };
}

function nodeOf(text: string, node: ParsedNode | null, anchors: Anchors): YamlNode {
  if (node === null) return { kind: 'scalar', start: 0, end: 0, style: 'plain', value: null };
  if (isAlias(node))
    return { kind: 'alias', start: node.range[0], name: node.source, target: anchors.get(node.source) };
  // An anchor is known before what is within its node, which may speak of it.
  const known = <Kind extends YamlNode>(made: Kind): Kind => {
    if (node.anchor !== undefined) anchors.set(node.anchor, made);
    return made;
  };
  const [start, end] = node.range;
  if (isScalar(node)) {
    const style = styleOf(node.type);
    const { value } = node;
    return known<ScalarNode>({
      kind: 'scalar',
      start,
      end: style === 'block' ? endOfBlock(text, start, end) : end,
      style,
      value,
    });
  }
  if (isMap(node)) {
    const made = known<MappingNode>({ kind: 'mapping', start, pairs: [] });
    for (const { key, value } of node.items)
      made.pairs.push({ key: nodeOf(text, key, anchors), value: value === null ? null : nodeOf(text, value, anchors) });
    return made;
  }
  const made = known<ListNode>({ kind: 'list', start, items: [] });
  for (const item of node.items) made.items.push(nodeOf(text, item, anchors));
  return made;
}

function styleOf(type: string | undefined): ScalarNode['style'] {
  switch (type) {
    case 'QUOTE_DOUBLE':
      return 'double';
    case 'QUOTE_SINGLE':
      return 'single';
    case 'BLOCK_LITERAL':
    case 'BLOCK_FOLDED':
      return 'block';
    case undefined:
    default:
      return 'plain';
  }
}

/** The parser's own words, where an operator would not understand them, in ours. */
function explainYaml(code: string, message: string): string {
  const first = message.split('\n')[0] ?? message;
  switch (code) {
    case 'TAG_RESOLVE_FAILED':
      return `YAML tags are not read (${first})`;
    case 'TAB_AS_INDENT':
      return 'YAML is indented with spaces, not with a tab';
    case 'NON_STRING_KEY':
      return 'a key must be a plain string; an expression is written with quotes: "${{ vars.name }}"';
    default:
      return `not valid YAML: ${first}`;
  }
}
