import { mkdir, writeFile } from 'node:fs/promises';
import { inventoryJsonSchema, playbookJsonSchema } from '../src/config/json-schema.ts';
import { operations } from '../src/operations/registry.ts';

const folder = new URL('../schemas/', import.meta.url);
await mkdir(folder, { recursive: true });
const schemas = {
  'inventory.schema.json': inventoryJsonSchema(),
  'playbook.schema.json': playbookJsonSchema(operations),
};
for (const [name, schema] of Object.entries(schemas))
  await writeFile(new URL(name, folder), `${JSON.stringify(schema, null, 2)}\n`);
