import { playScope } from '../../config/expressions/scope.ts';
import type { SelectedPlay } from '../../config/load.ts';
import type { Host, Play, Scope, Step } from '../../config/model/types.ts';
import { AppError } from '../../errors.ts';
import type { FactRequest } from '../../facts/fact.ts';
import type { ExecAction } from '../../operations/engine/change.ts';
import type { Operation } from '../../operations/engine/operation.ts';
import { grouped } from '../../values/grouped.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { canonicalJson } from '../../values/json.ts';
import type { Basis } from '../journal/basis.ts';
import type { ProgramsRun } from '../report/recap.ts';
import { idOf } from './plan-step.ts';

/** A program of the playbook that making a plan runs on hosts. That it changes nothing is the playbook's word. */
export interface ReadProgram {
  readonly step: string;
  readonly operation: string;
  /** `file:line:column` of the step. */
  readonly where: string;
  readonly hosts: readonly string[];
  /** What is run; where that depends on what hosts say, the step's input as the playbook has it. */
  readonly text: { readonly action: ExecAction; readonly key: string } | { readonly written: Json };
}

type Text = ReadProgram['text'];

interface Context {
  readonly extraVars: JsonObject;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly basis: Pick<Basis, 'want'>;
}

/**
 * The programs that planning these plays would run, equal ones of a step once for all of their hosts. Nothing is
 * connected to for it: so a step counts whose condition, loop or input is not known yet.
 */
export function readPrograms(plays: readonly SelectedPlay[], context: Context): readonly ReadProgram[] {
  return plays.flatMap(({ play, hosts }) => play.steps.flatMap((step) => programsOf(play, step, hosts, context)));
}

function programsOf(
  play: Play,
  step: Step,
  hosts: readonly Host[],
  { extraVars, operations, basis }: Context,
): readonly ReadProgram[] {
  const operation = operations.get(step.operation);
  if (operation?.reads === undefined) return [];
  const id = idOf(play, step);
  const found = new Map<string, { readonly text: Text; readonly hosts: Set<string> }>();
  for (const host of hosts) {
    for (const text of textsOf(
      step,
      operation,
      tolerant(() => playScope(play, host, extraVars)),
      (item) => basis.want(host.name, `${id}${item}`),
    )) {
      const key = canonicalJson(text);
      const one = found.get(key) ?? { text, hosts: new Set<string>() };
      one.hosts.add(host.name);
      found.set(key, one);
    }
  }
  const { file, line, column } = step.place;
  return [...found.values()].map(({ text, hosts: its }) => ({
    step: step.name,
    operation: step.operation,
    where: `${file}:${String(line)}:${String(column)}`,
    hosts: [...its],
    text,
  }));
}

/** What the step would run on one host. What cannot be said (yet) is shown as it is written: its mistakes are met at its turn. */
function textsOf(
  step: Step,
  { reads, schema }: Operation,
  scope: Scope | undefined,
  before: (item: string) => Json | undefined,
): readonly Text[] {
  if (reads === undefined) return [];
  const asWritten: readonly Text[] = reads.possible(step.written) ? [{ written: step.written }] : [];
  // What a condition, a loop or an input reads of the host's facts is as little known as a register.
  if (scope === undefined || step.roots.has('facts')) return asWritten;
  const texts = tolerant(() => {
    const condition = step.when === undefined || step.roots.has('item') ? undefined : step.when.evaluate(scope);
    if (condition !== undefined && 'value' in condition && condition.value === false) return [];
    const items = step.loop?.resolve(scope) ?? { value: [undefined] };
    if ('unknown' in items) return undefined;
    return items.value.map((item, index) => {
      const kept = before(item === undefined ? '' : `[${String(index + 1)}]`);
      const wanted =
        kept === undefined
          ? step.resolve(item === undefined ? scope : { ...scope, item })
          : { value: schema.parse(kept) };
      return 'value' in wanted ? { program: reads.program(wanted.value) } : undefined;
    });
  });
  if (texts === undefined) return asWritten;
  return texts.flatMap((text): readonly Text[] => {
    if (text === undefined) return asWritten;
    return text.program === undefined ? [] : [{ action: text.program.action, key: text.program.request.key }];
  });
}

function tolerant<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof AppError) return undefined;
    throw thrown;
  }
}

/** Every such program passes here. */
export class ProgramGate {
  /** Of each host, by the name. */
  readonly #approved: ReadonlyMap<string, readonly { readonly text: Text }[]>;
  readonly #programs = new Set<string>();
  readonly #hosts = new Set<string>();

  /** @param approved these have been shown, and somebody has said yes */
  constructor(approved: readonly ReadProgram[]) {
    const texts = approved.flatMap(({ hosts, text }) => hosts.map((host) => ({ host, text })));
    this.#approved = grouped(texts, ({ host }) => host);
  }

  /** Before a fact is asked of a host. Errors: `refused`. */
  pass(host: string, { fact, key }: FactRequest): void {
    if (fact.runsPrograms !== true) return;
    const approved = this.#approved.get(host) ?? [];
    if (!approved.some(({ text }) => 'written' in text || text.key === key))
      throw new AppError(
        'refused',
        'a program of the playbook would have to be run to make the plan, and nobody has seen it and consented to that',
        { hint: 'plimsoll shows it and asks at a terminal; elsewhere give --allow-read-only-programs' },
      );
    this.#programs.add(key);
    this.#hosts.add(host);
  }

  get run(): ProgramsRun {
    return { programs: this.#programs.size, hosts: this.#hosts.size };
  }
}
