import { readFileSync } from 'node:fs';

/** The text of a file of shell, by its path below `src/`. The build puts the texts themselves in the place of this module (scripts/build.mjs). */
export function textOf(path: string): string {
  return readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
}
