// npx tsx scripts/create-body-table.ts: what becomes of each key of the Engine API's create body, as a table in docs/container-settings.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { withCreateBodyTable } from '../test/support/create-body-table.ts';

const document = new URL('../docs/container-settings.md', import.meta.url);
writeFileSync(document, withCreateBodyTable(readFileSync(document, 'utf8')));
