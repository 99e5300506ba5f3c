import * as z from 'zod';

type Node = z.core.JSONSchema.BaseSchema;

/** A key of an operation's input, as the page shows it. */
interface Key {
  /** `to.host`; `*` stands for any name of a mapping, `[]` for each item of a list. */
  readonly path: string;
  readonly values: readonly string[];
  readonly fallback: string;
  readonly description: string;
}

/** What may stand after the name of an operation: its forms, and a table of all keys at every depth. */
export function keysOf(schema: z.ZodType): string {
  const node = inputSchema(schema);
  const all = keysIn([node], '');
  // A key that a plan fills in shows all that is in it beside it, and not among what people write.
  const filledIn = all.filter(({ description }) => description.startsWith('filled in by ')).map(({ path }) => path);
  const isFilledIn = ({ path }: Key): boolean =>
    filledIn.some((outer) => path === outer || path.startsWith(`${outer}.`));
  const written = all.filter((key) => !isFilledIn(key));
  const others = all.filter(isFilledIn);
  return [
    ...formsOf(node),
    table(written),
    ...(others.length === 0 ? [] : ['Not written by hand:', table(others)]),
  ].join('\n\n');
}

/** The path of every key that no description says anything of. */
export function undescribed(schema: z.ZodType): readonly string[] {
  return keysIn([inputSchema(schema)], '')
    .filter(({ description }) => description === '')
    .map(({ path }) => path);
}

function inputSchema(schema: z.ZodType): Node {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
}

function keysIn(nodes: readonly Node[], path: string): readonly Key[] {
  const forms = nodes.flatMap(alternatives);
  const objects = forms.filter(({ properties }) => properties !== undefined);
  const names = new Set(objects.flatMap(({ properties }) => Object.keys(properties ?? {})));
  const own = [...names].flatMap((name) => {
    const inner = objects.flatMap(({ properties }) => asNodes(properties?.[name]));
    const at = path === '' ? name : `${path}.${name}`;
    const key: Key = {
      path: at,
      values: distinct(inner.flatMap(valuesOf)),
      fallback: fallbackOf(name, inner, objects),
      description: distinct(inner.flatMap(descriptionsOf)).join('; '),
    };
    return [key, ...keysIn(inner, at)];
  });
  const items = forms.flatMap((form) => asNodes(form.items));
  const values = forms.flatMap(({ additionalProperties }) => asNodes(additionalProperties));
  return [
    ...own,
    ...(items.length === 0 ? [] : keysIn(items, `${path}[]`)),
    ...(values.length === 0 ? [] : keysIn(values, `${path}.*`)),
  ];
}

/** A key that may also be absent has the description in one of its forms. */
function descriptionsOf(node: Node): readonly string[] {
  return node.description === undefined
    ? alternatives(node).flatMap(({ description }) => description ?? [])
    : [node.description];
}

function alternatives(node: Node): readonly Node[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(asNodes);
  return inner.length === 0 ? [node] : inner.flatMap(alternatives);
}

/** JSON Schema may say `true` or `false` instead of a schema, and several instead of one: none of that has keys. */
function asNodes(value: Node | readonly (Node | boolean)[] | boolean | undefined): readonly Node[] {
  return typeof value === 'object' && !Array.isArray(value) ? [value as Node] : [];
}

function fallbackOf(name: string, nodes: readonly Node[], objects: readonly Node[]): string {
  const fallback = nodes.find((node) => node.default !== undefined)?.default;
  if (objects.every(({ required = [] }) => required.includes(name))) return 'required';
  if (fallback !== undefined && !/^(\{\}|\[\])$/.test(JSON.stringify(fallback))) return code(fallback);
  const choice = objects.flatMap(({ required = [] }) =>
    required.filter((key) => !objects.every((other) => other.required?.includes(key))),
  );
  const first = distinct(choice);
  return first.includes(name) && first.length > 1 ? `one of ${listed(first.map(code), 'and')}` : '';
}

/** In words, what may be given. */
function valuesOf(node: Node): readonly string[] {
  if (node.title !== undefined) return [node.title === 'size' ? 'a size' : node.title];
  if (node.const !== undefined) return [code(node.const)];
  if (node.enum !== undefined) return node.enum.map(code);
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(asNodes);
  return inner.length > 0 ? inner.flatMap(valuesOf) : [node.type ?? []].flat().flatMap((type) => ofType(type, node));
}

function ofType(type: string, node: Node): readonly string[] {
  switch (type) {
    case 'string':
      if (node.format === 'ipv4' || node.format === 'ipv6') return ['an IP address'];
      return [node.pattern === '^\\/.*' ? 'an absolute path' : 'text'];
    case 'integer':
      return [`a whole number${rangeOf(node)}`];
    case 'number':
      return [`a number${rangeOf(node)}`];
    case 'boolean':
      return ['`true`', '`false`'];
    case 'array':
      return [eachOf('a list', asNodes(node.items).flatMap(valuesOf))];
    case 'object':
      return [eachOf('a mapping', asNodes(node.additionalProperties).flatMap(valuesOf))];
    default:
      return [code(type)];
  }
}

function eachOf(what: string, values: readonly string[]): string {
  if (values.length === 0) return what;
  return values.length === 1 && values[0] === 'text'
    ? `${what} of texts`
    : `${what}, each ${listed(distinct(values), 'or')}`;
}

function rangeOf({ minimum, maximum, exclusiveMinimum }: Node): string {
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : String(maximum);
  const above = exclusiveMinimum === undefined ? undefined : `above ${String(exclusiveMinimum)}`;
  if (above !== undefined) return most === undefined ? ` ${above}` : ` ${above}, at most ${most}`;
  if (minimum === undefined) return most === undefined ? '' : ` of at most ${most}`;
  return most === undefined ? ` of at least ${String(minimum)}` : ` from ${String(minimum)} to ${most}`;
}

/** Where an input has several forms, each in a line: what it must have, and in brackets what it may have. */
function formsOf(node: Node): readonly string[] {
  const forms = alternatives(node);
  const objects = forms.filter(({ properties }) => properties !== undefined);
  const short = forms.filter(({ properties }) => properties === undefined).flatMap(valuesOf);
  if (short.length > 0) return [`Either ${listed(short, 'or')}, or a mapping with these keys:`];
  if (objects.length < 2) return [];
  const lines = objects.map(({ properties = {}, required = [] }) =>
    Object.entries(properties)
      .map(([name, value]) => (required.includes(name) ? keyAndValue(name, asNodes(value)) : `[${code(name)}]`))
      .join(' '),
  );
  return [
    'In one of these forms, where what stands in brackets may be left out:',
    lines.map((line) => `- ${line}`).join('\n'),
  ];
}

/** What tells one form from another is a key, or one that may have only these values in it. */
function keyAndValue(name: string, nodes: readonly Node[]): string {
  const fixed = nodes.flatMap((node) => (node.const === undefined ? (node.enum ?? []) : [node.const]));
  return fixed.length === 0 ? code(name) : code(`${name}: ${fixed.map(String).join(' | ')}`);
}

function table(keys: readonly Key[]): string {
  const rows = keys.map(
    ({ path, values, fallback, description }) =>
      `| ${code(path)} | ${inCell(listed(values, 'or'))} | ${inCell(fallback)} | ${inCell(escaped(description))} |`,
  );
  return ['| key | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function listed(words: readonly string[], conjunction: string): string {
  const last = words.at(-1) ?? '';
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} ${conjunction} ${last}`;
}

function code(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}

/** What Markdown would take for its own. */
function escaped(text: string): string {
  return text.replaceAll(/[*<]/g, '\\$&');
}

function inCell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)];
}
