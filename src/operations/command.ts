import { z } from 'zod';
import { commandLine } from '../values/shell.ts';
import { argv, exitStatuses, hostPath } from './input.ts';
import { defineOperation } from './operation.ts';
import type { Program } from './program.ts';
import { planProgram, programNeeds, programResult, programTouches } from './program.ts';

const long = z.strictObject({
  argv,
  read_only: z.boolean().default(false).describe('changes nothing: runs in the preview too'),
  creates: hostPath.optional().describe('nothing is done when this path exists'),
  success: exitStatuses.default([0]),
  chdir: hostPath.optional(),
  stdin: z.string().optional(),
});

const schema = z
  .union([argv.transform((words) => ({ argv: words })).pipe(long), long], { error: 'must be a list of words, or {argv: [...]} with read_only, creates, success, chdir or stdin' })
  .refine(({ read_only, creates }) => !(read_only && creates !== undefined), 'read_only and creates exclude each other: what only reads creates nothing');

type Want = z.infer<typeof schema>;

const program = (want: Want): Program => ({
  argv: want.argv,
  stdin: want.stdin ?? '',
  chdir: want.chdir ?? '',
  readOnly: want.read_only,
  creates: want.creates,
  success: want.success,
  shown: commandLine(want.argv),
});

export const command = defineOperation<Want>({
  name: 'command',
  summary: 'Run one program, without a shell',
  schema,
  readOnly: (want) => want.read_only,
  repeats: true,
  needs: (want) => programNeeds(program(want)),
  plan: (want, known) => planProgram(program(want), known),
  touches: (want) => programTouches(program(want)),
  result: (want, known, output) => programResult(program(want), known, output),
});
