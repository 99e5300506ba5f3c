import type { Block, Node, Step } from '../../config/model/types.ts';

/** Steps whose failure is met by a rescue. */
export function rescuedSteps(nodes: readonly Node[]): ReadonlySet<Step> {
  return new Set(blocksIn(nodes).flatMap(({ steps, rescue }) => (rescue.length === 0 ? [] : stepsIn(steps))));
}

/** The steps whose failure the given one, of a rescue, is there for. */
export function stepsGuardedBy(nodes: readonly Node[], step: Step): ReadonlySet<Step> {
  // The innermost block comes last.
  const block = blocksIn(nodes).findLast(({ rescue }) => stepsIn(rescue).includes(step));
  return new Set(stepsIn(block?.steps ?? []));
}

function blocksIn(nodes: readonly Node[]): readonly Block[] {
  return nodes.flatMap((node) =>
    node.kind === 'step'
      ? []
      : [node.block, ...blocksIn([...node.block.steps, ...node.block.rescue, ...node.block.always])],
  );
}

function stepsIn(nodes: readonly Node[]): readonly Step[] {
  return nodes.flatMap((node) =>
    node.kind === 'step' ? [node.step] : stepsIn([...node.block.steps, ...node.block.rescue, ...node.block.always]),
  );
}
