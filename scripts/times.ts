// npm run test:times [-- unit faults lab]: where the time of the tests goes, as tables in docs/testing.md.
import { startVitest } from 'vitest/node';
import { type Part, parts } from '../test/support/times-table.ts';

const configs: Readonly<Record<Part, string>> = {
  unit: 'vitest.config.ts',
  faults: 'vitest.faults.config.ts',
  lab: 'vitest.lab.config.ts',
};

process.env['PLIMSOLL_TIMES'] = 'alone';
const words = process.argv.slice(2);
for (const word of words.length === 0 ? ['unit'] : words) {
  const part = parts.find((known) => known === word);
  if (part === undefined) throw new Error(`no such part: ${word} (there are ${parts.join(', ')})`);
  const vitest = await startVitest('test', [], {
    config: configs[part],
    run: true,
    watch: false,
    fileParallelism: false,
  });
  await vitest.close();
}
