import { z } from 'zod';
import { commandLine } from '../values/shell.ts';
import { argv, hostPath } from './input.ts';
import type { Program } from './program.ts';
import { programKeys, programOperation, readsOrCreates } from './program.ts';

const long = z.strictObject({
  argv,
  ...programKeys,
  chdir: hostPath.optional(),
  stdin: z.string().optional(),
});

const schema = z
  .union([argv.transform((words) => ({ argv: words })).pipe(long), long], { error: 'must be a list of words, or {argv: [...]} with read_only, creates, success, chdir or stdin' })
  .refine(...readsOrCreates);

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

export const command = programOperation<Want>({
  name: 'command',
  summary: 'Run one program, without a shell',
  schema,
  program,
});
