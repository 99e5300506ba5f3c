/**
 * Chooses by numbers, one for each choice. What comes first in a list is what a failure is shrunk to, so it is the
 * simplest; when no number is left, it is always that.
 */
export class Pick {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  number(below: number): number {
    const number = this.#numbers[this.#at] ?? 0;
    this.#at += 1;
    return number % below;
  }

  of<const Item>(items: readonly Item[]): Item {
    const item = items[this.number(items.length)];
    if (item === undefined) throw new Error('there is nothing to choose from');
    return item;
  }

  /** One of what there is; seldom, or where there is nothing, what is not there. */
  among(names: readonly string[], otherwise: string): string {
    const number = this.number(60);
    return number === 59 ? otherwise : (names[number % Math.max(1, names.length)] ?? otherwise);
  }

  sometimes<const Keys extends object>(keys: Keys): Partial<Keys> {
    return this.number(3) === 2 ? keys : {};
  }

  is(): boolean {
    return this.number(2) === 1;
  }
}
