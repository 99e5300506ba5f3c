import * as z from 'zod';
import { commandLine } from '../../values/shell.ts';
import { argv, environment, hostPath, secretReference } from '../engine/input.ts';
import type { Program } from './program.ts';
import { programKeys, programOperation, readsOrCreates } from './program.ts';

const long = z.strictObject({
  argv,
  ...programKeys,
  chdir: hostPath.optional().describe('the directory on the host in which it runs'),
  stdin: z
    .union([z.string(), secretReference])
    .optional()
    .describe('text for its standard input, or a secret variable'),
  env: environment.optional(),
});

const schema = z
  .union([argv.transform((words) => ({ argv: words })).pipe(long), long], {
    error: 'must be a list of words, or {argv: [...]} with read_only, creates, success, chdir, stdin or env',
  })
  .refine(...readsOrCreates);

type Want = z.infer<typeof schema>;

const program = (want: Want): Program => ({
  argv: want.argv,
  stdin: typeof want.stdin === 'string' ? want.stdin : '',
  feed: {
    ...(typeof want.stdin === 'object' ? { stdin: want.stdin } : {}),
    ...(want.env === undefined ? {} : { env: want.env }),
  },
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
  mayHoldSecret: ([key, ...inner]) => (key === 'stdin' && inner.length === 0) || (key === 'env' && inner.length === 1),
  program,
});
