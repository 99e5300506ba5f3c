// npx tsx scripts/create-body-keys.ts DIRECTORY SOURCE: every key of the body of POST /containers/create, from the
// documentation of the Engine API's versions (api/docs of moby/moby), into test/fixtures/create-body-keys.json.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const schemaNode: z.ZodType<Node> = z.lazy(() =>
  z.object({
    $ref: z.string().optional(),
    allOf: z.array(schemaNode).optional(),
    properties: z.record(z.string(), schemaNode).optional(),
    items: schemaNode.optional(),
    additionalProperties: z.union([z.boolean(), schemaNode]).optional(),
  }),
);
interface Node {
  readonly $ref?: string | undefined;
  readonly allOf?: readonly Node[] | undefined;
  readonly properties?: Readonly<Record<string, Node>> | undefined;
  readonly items?: Node | undefined;
  readonly additionalProperties?: boolean | Node | undefined;
}
const swagger = z.object({
  definitions: z.record(z.string(), schemaNode),
  paths: z.record(
    z.string(),
    z.object({
      post: z
        .object({ parameters: z.array(z.object({ in: z.string(), schema: schemaNode.optional() })).default([]) })
        .optional(),
    }),
  ),
});

/** `HostConfig.Mounts[].Type`, `NetworkingConfig.EndpointsConfig.*.Aliases`: what has keys of its own is named by these. */
function keysOf(node: Node, definitions: Readonly<Record<string, Node>>, at: string): readonly string[] {
  if (node.$ref !== undefined) {
    const meant = definitions[node.$ref.replace('#/definitions/', '')];
    if (meant === undefined) throw new Error(`${at}: there is no ${node.$ref}`);
    return keysOf(meant, definitions, at);
  }
  const named = Object.entries(node.properties ?? {}).flatMap(([key, inner]) =>
    keysOf(inner, definitions, at === '' ? key : `${at}.${key}`),
  );
  const all = [
    ...(node.allOf ?? []).flatMap((part) => keysOf(part, definitions, at)).filter((key) => key !== at),
    ...named,
  ];
  if (all.length > 0) return all;
  const below = [
    node.items === undefined ? [] : keysOf(node.items, definitions, `${at}[]`),
    typeof node.additionalProperties === 'object' ? keysOf(node.additionalProperties, definitions, `${at}.*`) : [],
  ].flat();
  const deeper = below.filter((key) => key !== `${at}[]` && key !== `${at}.*`);
  return deeper.length > 0 ? deeper : [at];
}

/** Go's parser takes a quoted text that goes on less far to the right than its key, ours does not. */
function withWholeTexts(text: string): string {
  return text.replace(/: "[^"]*"$/gm, (quoted) => quoted.replaceAll(/\n\s*/g, ' '));
}

function ofSwagger(text: string): readonly string[] {
  const { definitions, paths } = swagger.parse(parse(withWholeTexts(text)));
  const body = paths['/containers/create']?.post?.parameters.find((parameter) => parameter.in === 'body')?.schema;
  if (body === undefined) throw new Error('it does not describe the body of POST /containers/create');
  return keysOf(body, definitions, '');
}

/** Up to 1.24 there is no swagger file, but an example of the whole body. */
function ofExample(text: string): readonly string[] {
  const body = /POST \/v1\.\d+\/containers\/create HTTP[^{]*(\{.*?\n {6,8}\})\n/s.exec(text)?.[1];
  if (body === undefined) throw new Error('it has no example of POST /containers/create');
  const walk = (value: unknown, at: string): readonly string[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [at];
    if (maps.has(at))
      return Object.values(value)
        .flatMap((inner) => walk(inner, `${at}.*`))
        .map((key) => (key === `${at}.*` ? at : key))
        .slice(0, 1_000);
    const entries = Object.entries(value);
    return entries.length === 0
      ? [at]
      : entries.flatMap(([key, inner]) => walk(inner, at === '' ? key : `${at}.${key}`));
  };
  return walk(JSON.parse(body), '');
}

/** What has names of the user's in an example. */
const maps = new Set([
  'Labels',
  'Volumes',
  'ExposedPorts',
  'HostConfig.Tmpfs',
  'HostConfig.PortBindings',
  'HostConfig.Sysctls',
  'HostConfig.StorageOpt',
  'HostConfig.LogConfig.Config',
  'NetworkingConfig.EndpointsConfig',
]);

/** Those of Config stand beside the two others. */
const named = (key: string): string => (/^(HostConfig|NetworkingConfig)\./.test(key) ? key : `Config.${key}`);

const [directory, source] = process.argv.slice(2);
if (directory === undefined || source === undefined) throw new Error('usage: create-body-keys.ts DIRECTORY SOURCE');
const minors = readdirSync(directory)
  .flatMap((file) => {
    const [, minor = '', kind] = /^v1\.(\d+)\.(md|yaml)$/.exec(file) ?? [];
    return kind !== undefined && Number(minor) >= 24 ? [{ minor: Number(minor), file }] : [];
  })
  .toSorted((a, b) => a.minor - b.minor);
const spans = new Map<string, number[]>();
for (const { minor, file } of minors) {
  const text = readFileSync(join(directory, file), 'utf8');
  const keys = [...new Set(file.endsWith('.md') ? ofExample(text) : ofSwagger(text))].map(named);
  if (keys.length < 60) throw new Error(`${file}: only ${String(keys.length)} keys`);
  for (const key of keys) spans.set(key, [...(spans.get(key) ?? []), minor]);
}
const first = minors[0]?.minor;
const last = minors.at(-1)?.minor;
const keys = Object.fromEntries(
  [...spans].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, in_]) => [key, [Math.min(...in_), Math.max(...in_)]]),
);
const lines = Object.entries(keys)
  .map(([key, span]) => `    ${JSON.stringify(key)}: ${JSON.stringify(span)}`)
  .join(',\n');
writeFileSync(
  new URL('../test/fixtures/create-body-keys.json', import.meta.url),
  `{\n  "source": ${JSON.stringify(source)},\n  "versions": ${JSON.stringify([first, last])},\n  "keys": {\n${lines}\n  }\n}\n`,
);
