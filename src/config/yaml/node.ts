import type { Span } from './source.ts';

/**
 * One node of a YAML file, whichever library has read it. Offsets are UTF-16 code units from 0; an alias stands at its
 * asterisk, everything else behind its anchor.
 */
export type YamlNode = ScalarNode | ListNode | MappingNode | AliasNode;

export interface ScalarNode extends Span {
  readonly kind: 'scalar';
  /** Of a key always its text. */
  readonly value: unknown;
  readonly style: 'plain' | 'single' | 'double' | 'block';
}

export interface ListNode {
  readonly kind: 'list';
  readonly start: number;
  readonly items: (YamlNode | null)[];
}

export interface MappingNode {
  readonly kind: 'mapping';
  readonly start: number;
  readonly pairs: YamlPair[];
}

export interface YamlPair {
  readonly key: YamlNode;
  readonly value: YamlNode | null;
}

export interface AliasNode {
  readonly kind: 'alias';
  readonly start: number;
  readonly name: string;
  /** The nearest anchor of this name before it. */
  readonly target: YamlNode | undefined;
}

/** What aliases may stand for, as it is met from the beginning of the file to its end. */
export type Anchors = Map<string, YamlNode>;

export function nameOf(key: YamlNode): string {
  return key.kind === 'scalar' ? String(key.value) : '';
}

/** The end of a text block's last line that says something: the libraries count the empty ones after it differently. */
export function endOfBlock(text: string, start: number, end: number): number {
  return start + text.slice(start, end).trimEnd().length;
}

/** Nothing is written where the value should be. */
export function isEmpty(node: YamlNode | null): boolean {
  return node === null || (node.kind === 'scalar' && node.start === node.end);
}

/** A collection is pointed at by its first character: a caret under a whole block says nothing. */
export function spanOf(node: YamlNode | null): Span {
  if (node === null) return { start: 0, end: 1 };
  return node.kind === 'scalar' ? node : { start: node.start, end: node.start + 1 };
}
