/** Each once, where it comes first. By `key` two are the same that are not one value. */
export function unique<Value>(
  all: readonly Value[],
  key: (value: Value) => unknown = (value) => value,
): readonly Value[] {
  return [...new Map(all.map((value) => [key(value), value])).values()];
}
