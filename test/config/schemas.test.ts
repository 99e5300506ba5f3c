import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inventoryJsonSchema, playbookJsonSchema } from '../../src/config/json-schema.ts';
import { operations } from '../../src/operations/registry.ts';
import { registry } from './registry.ts';

const committed = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}`, import.meta.url), 'utf8'));

describe('the committed JSON Schemas are the ones that the code makes (npm run schemas writes them)', () => {
  it('inventory', () => {
    expect(committed('inventory.schema.json')).toEqual(inventoryJsonSchema());
  });

  it('playbook', () => {
    expect(committed('playbook.schema.json')).toEqual(playbookJsonSchema(operations));
  });
});

describe('playbookJsonSchema', () => {
  const text = JSON.stringify(playbookJsonSchema(registry));

  it('wants exactly one operation in a step', () => {
    expect(text).toContain(
      JSON.stringify({ oneOf: [...registry.keys()].map((name) => ({ required: [name] })) }).slice(1, -1),
    );
  });

  it('describes each operation by its summary', () => {
    for (const { summary } of registry.values()) expect(text).toContain(JSON.stringify(summary));
  });

  it('lets steps and blocks stand wherever there are steps, as deep as one likes', () => {
    const item = { $ref: '#/$defs/item' };
    const list = expect.objectContaining({ type: 'array', minItems: 1, items: item });
    expect(playbookJsonSchema(registry)).toMatchObject({
      $defs: {
        play: { properties: { steps: list }, additionalProperties: false },
        item: { anyOf: [{ $ref: '#/$defs/step' }, { $ref: '#/$defs/block' }] },
        step: { additionalProperties: false },
        block: {
          properties: { block: list, rescue: list, always: list },
          required: ['block'],
          anyOf: [{ required: ['rescue'] }, { required: ['always'] }],
          additionalProperties: false,
        },
      },
    });
  });

  it('takes an expression where a number is wanted', () => {
    expect(text).toMatch(/"port":\{"anyOf":\[\{"type":"integer"[^}]*\},\{"type":"string","pattern":"[^"]*"/);
  });
});
