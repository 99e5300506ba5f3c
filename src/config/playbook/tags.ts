import { AppError } from '../../errors.ts';
import { didYouMean } from '../model/closest.ts';
import type { Node, Play, Step } from '../model/types.ts';

export interface TagChoice {
  /** Only steps with one of these; all of them when empty. */
  readonly tags: readonly string[];
  /** Never steps with one of these. */
  readonly skipTags: readonly string[];
}

type Tagged<S> = Omit<Play, 'steps'> & { readonly steps: readonly S[] };

/** The plays with the steps that the tags leave. Throws an AppError('usage') for a tag that no step has, and when no step is left. */
export function chooseSteps<S extends Step, P extends Tagged<S>>(
  plays: readonly P[],
  { tags, skipTags }: TagChoice,
): readonly (P & { readonly steps: readonly S[] })[] {
  const known = new Set(plays.flatMap(({ steps }) => steps.flatMap((step) => step.tags)));
  const strange = [...tags, ...skipTags].find((tag) => !known.has(tag));
  if (strange !== undefined)
    throw new AppError(
      'usage',
      `no step has the tag "${strange}"${didYouMean(strange, known) || (known.size > 0 ? ` (known: ${[...known].join(', ')})` : '')}`,
    );
  const wanted = (step: Step): boolean =>
    (tags.length === 0 || step.tags.some((tag) => tags.includes(tag))) &&
    !step.tags.some((tag) => skipTags.includes(tag));
  const chosen = plays.map((play) => {
    const nodes = prune(play.nodes, wanted);
    const kept = new Set(stepsIn(nodes));
    return { ...play, nodes, steps: play.steps.filter((step) => kept.has(step)) };
  });
  if (chosen.every(({ steps }) => steps.length === 0)) throw new AppError('usage', 'the tags leave no step to do');
  return chosen;
}

/** A block of which nothing is left is gone; so is a `rescue` whose block has no step left that could fail. */
function prune(nodes: readonly Node[], wanted: (step: Step) => boolean): readonly Node[] {
  return nodes.flatMap((node): readonly Node[] => {
    if (node.kind === 'step') return wanted(node.step) ? [node] : [];
    const steps = prune(node.block.steps, wanted);
    const rescue = steps.length === 0 ? [] : prune(node.block.rescue, wanted);
    const always = prune(node.block.always, wanted);
    return steps.length + always.length === 0
      ? []
      : [{ kind: 'block', block: { ...node.block, steps, rescue, always } }];
  });
}

function stepsIn(nodes: readonly Node[]): readonly Step[] {
  return nodes.flatMap((node) =>
    node.kind === 'step' ? [node.step] : stepsIn([...node.block.steps, ...node.block.rescue, ...node.block.always]),
  );
}
