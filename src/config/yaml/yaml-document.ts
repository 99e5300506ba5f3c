import { parseAllDocuments, type Document } from 'yaml';
import type { ConfigIssue } from '../../errors.ts';
import { issueAt, type Source } from './source.ts';
import { tooDeepAt } from './yaml-nesting.ts';

const maxBytes = 1024 * 1024;

/** UTF-8 without guessing; a byte order mark is dropped. */
export function decode(file: string, bytes: Uint8Array): { readonly text: string } | { readonly issue: ConfigIssue } {
  if (bytes.byteLength > maxBytes)
    return { issue: { file, message: 'the file is larger than 1 MiB: that is no inventory or playbook' } };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    const before = new TextDecoder('utf-8').decode(bytes).split('\ufffd')[0] ?? '';
    const line = before.split('\n').length;
    return { issue: { file, line, message: 'the file is not UTF-8 text; save it as UTF-8' } };
  }
}

/** The one document that a file has, or why it is not read. */
export function readDocument(
  source: Source,
): { readonly document: Document.Parsed } | { readonly issues: readonly ConfigIssue[] } {
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
  return { document };
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
