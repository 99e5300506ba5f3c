/**
 * How many elements of arrays are gone through while something is done (by a spread, a loop, a set that is made of
 * one): what grows with how much there is to do, and is the same on every machine.
 */
export function elementsIn(work: () => unknown): number {
  const iterator = Object.getPrototypeOf([][Symbol.iterator]()) as { next: (this: unknown) => unknown };
  const { next } = iterator;
  let elements = 0;
  iterator.next = function (this: unknown): unknown {
    elements += 1;
    return next.call(this);
  };
  try {
    work();
  } finally {
    iterator.next = next;
  }
  return elements;
}
