import { Argument, Command } from '@commander-js/extra-typings';
import { inventoryJsonSchema, playbookJsonSchema } from '../../config/json-schema.ts';
import { operations } from '../../operations/registry.ts';
import type { World } from '../world.ts';

export function schemaCommand(world: World) {
  return new Command('schema')
    .addArgument(new Argument('<kind>', 'which').choices(['inventory', 'playbook'] as const))
    .addHelpText('after', '\nExamples:\n  plimsoll schema playbook > playbook.schema.json')
    .action((kind) => {
      const schema = kind === 'inventory' ? inventoryJsonSchema() : playbookJsonSchema(operations);
      world.out.write(`${JSON.stringify(schema, null, 2)}\n`);
    });
}
