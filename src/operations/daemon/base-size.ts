import { isObject, parseJson } from '../../values/json.ts';

const key = 'dm.basesize=';

/** A daemon.json of which the base size is understood. */
export interface BaseSizeConfig {
  /** What it says now, as it is written; undefined when it says nothing. */
  readonly written: string | undefined;
  /** The file's text with another base size, and everything else as it is. */
  with(value: string): string;
}

/** Undefined for what is no object, or has storage options that are no list of texts, or more than one base size. */
export function readBaseSize(text: string): BaseSizeConfig | undefined {
  const parsed = text.trim() === '' ? {} : parseJson(text);
  if (!isObject(parsed)) return undefined;
  const options: unknown = parsed['storage-opts'] ?? [];
  if (!Array.isArray(options) || !options.every((option) => typeof option === 'string')) return undefined;
  const sizes = options.filter((option) => option.startsWith(key));
  if (sizes.length > 1) return undefined;
  const [option] = sizes;
  return {
    written: option?.slice(key.length),
    with: (value) => replaced(text, parsed, options, option, `${key}${value}`),
  };
}

/** Where the option stands once in the text, only that is changed; otherwise the file is written anew, with its keys in their order. */
function replaced(
  text: string,
  parsed: Record<string, unknown>,
  options: readonly string[],
  old: string | undefined,
  fresh: string,
): string {
  const literal = JSON.stringify(old ?? '');
  const parts = old === undefined ? [] : text.split(literal);
  const [before, after] = parts;
  if (parts.length === 2 && before !== undefined && after !== undefined) return before + JSON.stringify(fresh) + after;
  const rest = options.filter((option) => option !== old);
  return `${JSON.stringify({ ...parsed, 'storage-opts': [...rest, fresh] }, null, 2)}\n`;
}
