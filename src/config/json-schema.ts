import * as z from 'zod';
import { byKey, type Keyed } from '../operations/engine/by-key.ts';
import type { JsonObject } from '../values/json.ts';
import { isObject, type Json } from '../values/json.ts';
import { asJson } from './yaml/as-json.ts';
import { inventorySchema } from './inventory/inventory-schema.ts';
import { blockSchema, controlsSchema, playSchema } from './playbook/playbook-schema.ts';
import type { Registry } from './playbook/step.ts';

/** The inventory's JSON Schema, for editors. */
export function inventoryJsonSchema(): JsonObject {
  return toSchema(inventorySchema);
}

/** The playbook's: each operation is a property of the step, and a step has exactly one of them. Steps and blocks are definitions: blocks stand in one another. */
export function playbookJsonSchema(registry: Registry): JsonObject {
  const keys = byKey(registry);
  const inputs = Object.fromEntries(
    [...keys].map(([key, keyed]) => [key, keyed.schema.optional().meta({ description: describe(key, keyed) })]),
  );
  const step = z
    .strictObject({ ...controlsSchema.shape, ...inputs })
    .meta({ id: 'step', title: 'step', description: 'One operation, and what controls it.' });
  const item: z.ZodType = z.lazy(() => z.union([step, block])).meta({ id: 'item', title: 'step or block' });
  const items = z.array(item).min(1);
  const { shape } = blockSchema;
  const block = z
    .strictObject({
      ...shape,
      block: like(items, shape.block),
      rescue: like(items.optional(), shape.rescue),
      always: like(items.optional(), shape.always),
    })
    .meta({
      id: 'block',
      title: 'block',
      description: 'Steps that stand together, with what is done when one of them fails, and in any case.',
      anyOf: [{ required: ['rescue'] }, { required: ['always'] }],
    });
  const play = playSchema.extend({ steps: like(items, playSchema.shape.steps) }).meta({ id: 'play', title: 'play' });
  const playbook = z
    .union([play, z.array(play).min(1)])
    .meta({ title: 'plimsoll playbook', description: 'One play, or a list of plays.' });
  return withStepRules(toSchema(playbook), [...keys.keys()]);
}

function describe(key: string, { operation: { name, summary }, schema: { description = '' } }: Keyed): string {
  return key === name ? summary : `The older name of ${name}: ${description}`;
}

function like(schema: z.ZodType, { description = '' }: z.ZodType): z.ZodType {
  return schema.describe(description);
}

function toSchema(schema: z.ZodType): JsonObject {
  const made = asJson(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }));
  return isMapping(made) ? made : {};
}

/** Finds the steps wherever the schema holds them and says what zod's objects cannot. */
function withStepRules(schema: JsonObject, operations: readonly string[]): JsonObject {
  const visit = (node: Json): Json => {
    if (Array.isArray(node)) return node.map(visit);
    if (!isMapping(node)) return node;
    const { properties } = node;
    if (
      !isMapping(properties) ||
      !operations.every((name) => Object.hasOwn(properties, name)) ||
      operations.length === 0
    ) {
      return Object.fromEntries(Object.entries(node).map(([key, inner]) => [key, visit(inner)]));
    }
    const opened = Object.entries(properties).map(
      ([name, inner]) => [name, operations.includes(name) ? orExpression(inner) : inner] as const,
    );
    return { ...node, properties: Object.fromEntries(opened), oneOf: operations.map((name) => ({ required: [name] })) };
  };
  const visited = visit(schema);
  return isMapping(visited) ? visited : schema;
}

const expression: JsonObject = {
  type: 'string',
  pattern: '\\$\\{\\{',
  description: 'An expression: ${{ vars.name }}.',
};

/** Any value of an operation's input may be an expression instead, at every depth. */
function orExpression(node: Json): Json {
  if (!isMapping(node)) return node;
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, deeper(key, value)]));
  const isFreeText =
    inner['type'] === 'string' &&
    !['pattern', 'format', 'enum', 'const', 'maxLength'].some((key) => Object.hasOwn(inner, key));
  if (isFreeText || Object.keys(inner).every((key) => key === 'description')) return inner;
  const { description, default: fallback, ...rest } = inner;
  return {
    ...(description === undefined ? {} : { description }),
    ...(fallback === undefined ? {} : { default: fallback }),
    anyOf: [rest, expression],
  };
}

function deeper(key: string, value: Json): Json {
  switch (key) {
    case 'properties':
      return isMapping(value)
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, orExpression(inner)]))
        : value;
    case 'anyOf':
    case 'oneOf':
    case 'allOf':
      return Array.isArray(value) ? value.map((branch: Json) => branchOf(branch)) : value;
    case 'items':
    case 'additionalProperties':
      return orExpression(value);
    default:
      return value;
  }
}

/** A branch of a union is opened inside; the union itself is what accepts the expression. */
function branchOf(branch: Json): Json {
  return isMapping(branch)
    ? Object.fromEntries(Object.entries(branch).map(([key, value]) => [key, deeper(key, value)]))
    : branch;
}

function isMapping(value: Json | undefined): value is JsonObject {
  return isObject(value);
}
