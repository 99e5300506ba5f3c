import { canonicalJson } from '../../../values/json.ts';

/** A value as docker's template function `json` prints it: keys sorted, no escaping but JSON's own. */
export function goJson(value: unknown): string {
  return canonicalJson(value).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

/** A string constant of a Go template. */
export function goString(text: string): string {
  return goJson(text);
}

/** `{{json …}}` of one key, null where it is left out. */
export function jsonOf(object: string, key: string): string {
  return `{{json (index ${object} ${goString(key)})}}`;
}
