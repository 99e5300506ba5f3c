import { isObject } from '../../../values/json.ts';
import type { Source } from '../../yaml/source.ts';
import { isListing } from './listing.ts';
import type { TextRead } from './text.ts';
import { plainValue } from './yaml11.ts';

/** What a file is that was given as an inventory. */
export type Kind =
  | { readonly kind: 'ours' | 'ini' | 'yaml' }
  | { readonly kind: 'listing'; readonly value: Record<string, unknown> }
  /** Only Ansible makes hosts of it. */
  | { readonly kind: 'foreign'; readonly what: string }
  | { readonly kind: 'unreadable'; readonly message: string };

const programs = /\.(?:py|sh|bash|rb|pl|js|php|exe|bat|cmd|ps1)$/i;
const ours = ['hosts', 'groups', 'defaults'];

/** Programs, which need not be text. */
export function isProgram(file: string, bytes: Uint8Array): boolean {
  const head = String.fromCharCode(...bytes.subarray(0, 4));
  if (head.startsWith('#!') || programs.test(file)) return true;
  // A text in UTF-16 is full of zeros, too.
  return !/^(?:\xff\xfe|\xfe\xff)/.test(head) && bytes.subarray(0, 1024).includes(0);
}

/** Ansible tries YAML where the name says so or says nothing, and INI otherwise; what is ours is known by its keys. */
export function recognise({ source, hasBom }: TextRead): Kind {
  const { file, text } = source;
  if (text.startsWith('$ANSIBLE_VAULT;')) return { kind: 'foreign', what: 'it is encrypted (ansible-vault)' };
  const extension = /[^/\\.](\.[^/\\.]*)$/.exec(file)?.[1]?.toLowerCase() ?? '';
  if (extension === '.toml') return { kind: 'foreign', what: 'it is an inventory in TOML' };
  if (/^\s*\{/.test(text)) {
    const value = parsed(text);
    if (isListing(value)) return { kind: 'listing', value };
    if (isObject(value)) return { kind: isOurs(Object.keys(value)) ? 'ours' : 'yaml' };
  }
  if (extension !== '.ini' && (['.yml', '.yaml', '.json'].includes(extension) || beginsAsYaml(text))) {
    const keys = topKeys(source);
    const plugin = keys.has('plugin') && !isOurs(keys.keys()) ? (keys.get('plugin') ?? '') : '';
    if (plugin !== '' && plainValue(plugin) !== null)
      return {
        kind: 'foreign',
        what: `it configures the inventory plugin ${plugin}, which asks for the hosts (a dynamic inventory)`,
      };
    return { kind: keys.size === 0 || isOurs(keys.keys()) ? 'ours' : 'yaml' };
  }
  if (extension !== '.ini' && !saysSomething(text)) return { kind: 'ours' };
  if (hasBom)
    return {
      kind: 'unreadable',
      message:
        'the file begins with a byte order mark, for which Ansible does not read the first line of an INI file: save it without one (UTF-8, no BOM)',
    };
  return { kind: 'ini' };
}

/** There are more than comments. */
export function saysSomething(text: string): boolean {
  return /^[ \t]*[^#;\s]/m.test(text);
}

function isOurs(keys: Iterable<string>): boolean {
  const all = new Set(keys);
  return ours.some((key) => all.has(key)) && !all.has('all') && !all.has('ungrouped');
}

/** The first line that says something is a key, or the beginning of a document. */
function beginsAsYaml(text: string): boolean {
  const first = /^[ \t]*([^#;\s].*)$/m.exec(text)?.[1] ?? '';
  return /^(?:---|%YAML|\{|(?:"[^"]*"|'[^']*'|[^\s"'[\]{}#&*!|>%@`][^:#]*?)\s*:(?:\s|$))/.test(first);
}

/** The keys that stand at the beginnings of lines, with what stands behind them. */
function topKeys({ text }: Source): ReadonlyMap<string, string> {
  const lines = text.matchAll(
    /^(?:"([^"\n]*)"|'([^'\n]*)'|([^\s"'[\]{}#&*!|>%@`,-][^:#\n]*?))[ \t]*:(?=\s|$)[ \t]*([^\n#]*)/gm,
  );
  return new Map(
    Array.from(lines, ([, double, single, plain, value = '']) => [double ?? single ?? plain ?? '', value.trim()]),
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
