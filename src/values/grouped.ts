/** The values by their keys, in the order in which each key first appears. */
export function grouped<Value, Key>(
  values: Iterable<Value>,
  key: (value: Value) => Key,
): ReadonlyMap<Key, readonly Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const its = key(value);
    const group = groups.get(its);
    if (group === undefined) groups.set(its, [value]);
    else group.push(value);
  }
  return groups;
}
