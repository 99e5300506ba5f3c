import type { Crossing } from '../../facts/crossing.ts';
import { crossing, plainText } from '../../facts/crossing.ts';
import type { FactRequest } from '../../facts/fact.ts';
import { ask } from '../../facts/fact.ts';
import { realPath } from '../../facts/host/real-path.ts';
import type { Refusal } from '../../values/refusal.ts';
import { refuse } from '../../values/refusal.ts';
import type { Reading } from '../engine/reading.ts';
import { perhaps } from '../engine/reading.ts';
import type { Directory } from './copy-start.ts';
import type { Located } from './places.ts';

export function namesOf({ path, alias }: Located, { path: real }: Directory): readonly string[] {
  return [...new Set([real, path, ...(alias === undefined ? [] : [alias])])];
}

/** Where a place really is that a container has mounted; of another host where `at` asks that. */
export function* readBase(
  { within }: Located,
  at: (fact: typeof realPath, base: Crossing) => FactRequest<string | null> = ask,
): Reading<string | null | undefined> {
  return yield* perhaps(
    within === undefined
      ? undefined
      : at(realPath, crossing(plainText, within.base, 'a directory that a container has mounted')),
  );
}

/** A symbolic link in a container's path is the container's: on the host it leads somewhere else. `base`: as `readBase` has it. */
export function strayed(
  { path, within }: Located,
  { path: real }: Directory,
  base: string | null | undefined,
): Refusal | undefined {
  if (within === undefined) return undefined;
  if (base !== null && base !== undefined && real === `${base}/${within.rest}`) return undefined;
  return refuse(
    `${path} has a symbolic link in it, which leads to ${real} on the host and may lead elsewhere in the container`,
    'give the path without symbolic links',
  );
}
