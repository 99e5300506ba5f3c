import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Operation } from './operation.ts';

/**
 * An operation for the registry, which holds operations of different inputs in one map. A function
 * of `Want` cannot stand in for a function of `unknown`, so the input is parsed by the operation's
 * own schema before every call: what the type forgets is checked when it runs.
 */
export function eraseWant<Want>(operation: Operation<Want>): Operation {
  // A step is planned in several calls with one and the same input, which need not be parsed each time.
  const parsedBefore = new WeakMap<object, Want>();
  const parse = (value: unknown): Want => {
    const known = typeof value === 'object' && value !== null ? parsedBefore.get(value) : undefined;
    if (known !== undefined) return known;
    const parsed = operation.schema.safeParse(value);
    if (parsed.success) {
      if (typeof value === 'object' && value !== null) parsedBefore.set(value, parsed.data);
      return parsed.data;
    }
    throw new AppError(
      'internal',
      `${operation.name} was given input that its schema refuses: ${oneLine(parsed.error.message)}`,
    );
  };
  const { readOnly, reads, laptopPaths, secretFiles } = operation;
  const pin = operation.pin?.bind(operation);
  const repin = operation.repin?.bind(operation);
  const onceApplied = operation.onceApplied?.bind(operation);
  const verify = operation.verify?.bind(operation);
  const standing = operation.standing?.bind(operation);
  const result = operation.result?.bind(operation);
  return {
    name: operation.name,
    ...(operation.aliases === undefined ? {} : { aliases: operation.aliases }),
    summary: operation.summary,
    schema: operation.schema,
    repeats: operation.repeats,
    ...(operation.mayHoldSecret === undefined ? {} : { mayHoldSecret: operation.mayHoldSecret }),
    readOnly: typeof readOnly === 'boolean' ? readOnly : (want) => readOnly(parse(want)),
    ...(reads === undefined
      ? {}
      : { reads: { program: (want) => reads.program(parse(want)), possible: (written) => reads.possible(written) } }),
    needs: (want, known) => operation.needs(parse(want), known),
    plan: (want, known) => operation.plan(parse(want), known),
    touches: (want, known) => operation.touches(parse(want), known),
    ...(laptopPaths === undefined ? {} : { laptopPaths }),
    ...(secretFiles === undefined ? {} : { secretFiles }),
    ...(pin === undefined ? {} : { pin: (want, known) => pin(parse(want), known) }),
    ...(repin === undefined ? {} : { repin: (want, fresh, saved) => repin(parse(want), parse(fresh), parse(saved)) }),
    ...(onceApplied === undefined ? {} : { onceApplied: (want) => onceApplied(parse(want)) }),
    ...(verify === undefined ? {} : { verify: (want, known) => verify(parse(want), known) }),
    ...(standing === undefined ? {} : { standing: (want, change, known) => standing(parse(want), change, known) }),
    ...(result === undefined ? {} : { result: (want, known, output) => result(parse(want), known, output) }),
  };
}
