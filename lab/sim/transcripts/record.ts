import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { spawnMachine } from '../../vm/machine.ts';
import { kinds } from '../calls.ts';
import type { RecordedKind } from '../calls.ts';
import { transcribe } from './transcribe.ts';
import type { Transcript } from './transcribe.ts';

/** Asks a fresh virtual machine everything. */
export async function record(kind: RecordedKind): Promise<Transcript> {
  const machine = await spawnMachine(kind);
  try {
    return await transcribe(kind, (script) => machine.exec(script, { timeoutMs: 180_000 }));
  } finally {
    await machine.stop();
  }
}

/** `tsx lab/sim/transcripts/record.ts [KIND…]` writes what the machines print to test/fixtures/transcripts. */
if (process.argv[1] === import.meta.filename) {
  const wanted = process.argv.slice(2);
  const directory = join(import.meta.dirname, '../../../test/fixtures/transcripts');
  await mkdir(directory, { recursive: true });
  for (const kind of kinds.filter((each) => wanted.length === 0 || wanted.includes(each))) {
    await writeFile(join(directory, `${kind}.json`), `${JSON.stringify(await record(kind), null, 1)}\n`);
    process.stdout.write(`${kind}: recorded\n`);
  }
}
