import { AppError } from '../errors.ts';
import { didYouMean } from './closest.ts';
import type { Play, Step } from './types.ts';

export interface TagChoice {
  /** Only steps with one of these; all of them when empty. */
  readonly tags: readonly string[];
  /** Never steps with one of these. */
  readonly skipTags: readonly string[];
}

type Tagged<S> = Omit<Play, 'steps'> & { readonly steps: readonly S[] };

/** The plays with the steps that the tags leave. Throws an AppError('usage') for a tag that no step has, and when no step is left. */
export function chooseSteps<S extends Step, P extends Tagged<S>>(plays: readonly P[], { tags, skipTags }: TagChoice): readonly (P & { readonly steps: readonly S[] })[] {
  const known = new Set(plays.flatMap(({ steps }) => steps.flatMap((step) => step.tags)));
  const strange = [...tags, ...skipTags].find((tag) => !known.has(tag));
  if (strange !== undefined) throw new AppError('usage', `no step has the tag "${strange}"${didYouMean(strange, known) || (known.size > 0 ? ` (known: ${[...known].join(', ')})` : '')}`);
  const chosen = plays.map((play) => ({ ...play, steps: play.steps.filter((step) => (tags.length === 0 || step.tags.some((tag) => tags.includes(tag))) && !step.tags.some((tag) => skipTags.includes(tag))) }));
  if (chosen.every(({ steps }) => steps.length === 0)) throw new AppError('usage', 'the tags leave no step to do');
  return chosen;
}
