import type { ConfigIssue } from '../../errors.ts';
import { isObject, type Json } from '../../values/json.ts';
import { asJson } from '../yaml/as-json.ts';
import { blockParts, type BlockPart } from './playbook-schema.ts';
import type { Path, YamlFile } from '../yaml/yaml.ts';

/** An item of `steps` as it is written, with its place in the play; nothing of it has been checked. */
export type Outline = StepOutline | BlockOutline;

export interface StepOutline {
  readonly kind: 'step';
  readonly raw: Json;
  readonly path: Path;
  /** From 1, over the whole play. */
  readonly number: number;
}

export interface BlockOutline extends Readonly<Record<BlockPart, readonly Outline[]>> {
  readonly kind: 'block';
  readonly raw: Readonly<Record<string, unknown>>;
  readonly path: Path;
  /** That of its first step. */
  readonly number: number;
}

const deepest = 8;

/** A list of steps, with its place. */
export interface WrittenSteps {
  readonly steps: unknown;
  readonly path: Path;
}

/** Numbers the steps in the order in which they can come to be done: whatever a block's keys stand in, `block`, `rescue`, `always`. */
export function outlineOf(
  parts: readonly WrittenSteps[],
  yaml: YamlFile,
): { readonly outline: readonly Outline[]; readonly issues: readonly ConfigIssue[] } {
  const issues: ConfigIssue[] = [];
  let count = 0;
  const list = (items: unknown, at: Path, depth: number): readonly Outline[] =>
    Array.isArray(items) ? items.map((item: unknown, index) => one(item, [...at, index], depth)) : [];
  const one = (item: unknown, at: Path, depth: number): Outline => {
    if (!isObject(item) || !blockParts.some((part) => Object.hasOwn(item, part)))
      return { kind: 'step', raw: asJson(item), path: at, number: (count += 1) };
    if (depth === deepest)
      issues.push(
        yaml.issue(
          at,
          `blocks stand in one another more than ${deepest} deep; nobody can tell any more what is done when`,
        ),
      );
    const inside = (part: BlockPart): readonly Outline[] =>
      depth >= deepest ? [] : list(item[part], [...at, part], depth + 1);
    const number = count + 1;
    return {
      kind: 'block',
      raw: item,
      path: at,
      number,
      block: inside('block'),
      rescue: inside('rescue'),
      always: inside('always'),
    };
  };
  return { outline: parts.flatMap(({ steps, path }) => list(steps, path, 0)), issues };
}

export function stepsOf(outline: readonly Outline[]): readonly StepOutline[] {
  return outline.flatMap((item) =>
    item.kind === 'step' ? [item] : stepsOf([...item.block, ...item.rescue, ...item.always]),
  );
}
