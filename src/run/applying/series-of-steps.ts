import type { Node, Step } from '../../config/model/types.ts';
import { isScriptAction, secretsOfActions } from '../work/compile.ts';
import { FactBase } from '../planning/fact-reader.ts';
import type { HostPlay, PlannedItem } from '../planning/plan-step.ts';
import { idOf, isKnownEarly, operationOf } from '../planning/plan-step.ts';

type InPlay = Omit<HostPlay, 'link'>;

/** More than these are another series: what one prints is kept together, within one limit. */
const most = 20;

/**
 * The steps from here on between which nothing has to be known, so that they are one series of effects on the host
 * (run/work/series.ts): none reads a fact, waits for anybody, is tried again or may fail without the host having failed.
 */
export function seriesAt(
  inPlay: InPlay,
  approved: ReadonlyMap<string, PlannedItem>,
  nodes: readonly Node[],
  from: number,
): readonly Step[] {
  const steps: Step[] = [];
  for (const node of nodes.slice(from, from + most)) {
    if (node.kind !== 'step' || !isOneEffect(inPlay, approved, node.step)) break;
    const [first = node.step] = steps;
    if (node.step.become !== first.become) break;
    steps.push(node.step);
  }
  return steps;
}

function isOneEffect(inPlay: InPlay, approved: ReadonlyMap<string, PlannedItem>, step: Step): boolean {
  const plain =
    step.loop === undefined &&
    step.when === undefined &&
    step.retry === undefined &&
    step.timeoutSeconds === undefined &&
    step.maxUnavailable === undefined &&
    step.onError === 'fail' &&
    !inPlay.play.anyErrorsFatal &&
    isKnownEarly(step);
  const operation = operationOf(inPlay, step);
  const planned = approved.get(idOf(inPlay.play, step));
  if (!plain || !operation.repeats || planned === undefined || planned.want === undefined) return false;
  const { outcome } = planned.plan.planned;
  const base = new FactBase();
  if ((outcome !== 'change' && outcome !== 'maybe') || operation.needs(planned.want, base).length > 0) return false;
  const now = operation.plan(planned.want, base);
  if (now.outcome !== 'change') return false;
  const [change, ...more] = now.changes;
  return (
    change !== undefined &&
    more.length === 0 &&
    !change.atomic &&
    change.actions.length === 1 &&
    change.actions.every(isScriptAction) &&
    change.records === undefined &&
    secretsOfActions(change.actions).length === 0
  );
}
