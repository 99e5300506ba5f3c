import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RecordedKind } from '../../lab/sim/calls.ts';
import type { Transcript } from '../../lab/sim/transcripts/transcribe.ts';
import { kinds } from '../../lab/sim/calls.ts';

const answer = z.object({ name: z.string(), status: z.number().nullable(), stdout: z.string(), stderr: z.string() });
const schema = z.object({
  kind: z.enum(kinds),
  variables: z.record(z.string(), z.string()),
  facts: z.array(answer),
  answers: z.array(answer),
});

/** What the virtual machine of that kind printed when it was recorded (lab/sim/transcripts/record.ts). */
export async function recorded(kind: RecordedKind): Promise<Transcript> {
  const path = join(import.meta.dirname, '../fixtures/transcripts', `${kind}.json`);
  return schema.parse(JSON.parse(await readFile(path, 'utf8')));
}
