import { isObject } from '../../values/json.ts';

/** A file of the host in which a program there finds a secret, by the key that names it. */
export interface NamedSecretFile {
  readonly key: string;
  readonly file: string;
}

/** Those that stand at these places of a step's input, which need not be resolved yet. */
export function secretFilesAt(
  ...paths: readonly (readonly string[])[]
): (input: unknown) => readonly NamedSecretFile[] {
  return (input) =>
    paths.flatMap((path) => {
      const file = path.reduce<unknown>(
        (inner, key) => (isObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
        input,
      );
      return typeof file === 'string' ? [{ key: path.at(-1) ?? '', file }] : [];
    });
}
