import type { AppError } from '../../src/errors.ts';
import type { Answer, FactRequest, Known } from '../../src/facts/fact.ts';

/** Answers for a test, by request. */
export class Answers implements Known {
  readonly #answers = new Map<string, Answer>();

  set<Value>(request: FactRequest<Value>, value: Value): this {
    this.#answers.set(request.key, { value });
    return this;
  }

  fail(request: FactRequest, error: AppError): this {
    this.#answers.set(request.key, { error });
    return this;
  }

  has(request: FactRequest): boolean {
    return this.#answers.has(request.key);
  }

  put(request: FactRequest, value: unknown): void {
    this.#answers.set(request.key, { value });
  }

  get<Value>(request: FactRequest<Value>): Value | undefined {
    const answer = this.#answers.get(request.key);
    if (answer === undefined) return undefined;
    if ('error' in answer) throw answer.error;
    return answer.value as Value;
  }

  the<Value>(request: FactRequest<Value>): Value {
    const value = this.get(request);
    if (value === undefined) throw new Error(`the fact ${request.key} was not asked for`);
    return value;
  }
}
