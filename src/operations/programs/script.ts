import * as z from 'zod';
import { environment } from '../engine/input.ts';
import type { Program } from './program.ts';
import { programKeys, programOperation, readsOrCreates } from './program.ts';

const shebang = /^#![ \t]*(?:\/\S*\/)?(?:env[ \t]+)?(sh|bash|dash|ash|ksh|zsh)(?:[ \t]+(-\w+))?[ \t]*$/;

const text = z
  .string()
  .refine((script) => script.trim() !== '', 'is empty')
  .refine(
    (script) => !script.startsWith('#!') || shebang.test(firstLine(script)),
    'is no shell script: upload it, and run it with command',
  );

const long = z.strictObject({
  text: text.describe('the script; its first line may name another shell than /bin/sh'),
  args: z.array(z.string()).default([]).describe('its "$1", "$2" …: give values in this way, not in the text'),
  ...programKeys,
  env: environment.optional(),
});

const schema = z
  .union([text.transform((script) => ({ text: script })).pipe(long), long], {
    error: 'must be the text of a shell script, or {text: …} with args, env, read_only, creates or success',
  })
  .refine(...readsOrCreates);

type Want = z.infer<typeof schema>;

/**
 * The shell reads the text from its standard input, so that no argument list shows it. As the body
 * of a function it is read whole before any of it runs, and its commands find their input empty
 * instead of eating the rest of the script.
 */
function program(want: Want): Program {
  const [, shell = 'sh', option] = shebang.exec(firstLine(want.text)) ?? [];
  return {
    argv: [shell === 'sh' ? '/bin/sh' : shell, ...(option === undefined ? [] : [option]), '-s', '--', ...want.args],
    stdin: `plimsoll_script() { :; ${want.text}\n}\nplimsoll_script "$@" </dev/null\n`,
    feed: want.env === undefined ? {} : { env: want.env },
    chdir: '',
    readOnly: want.read_only,
    creates: want.creates,
    success: want.success,
    shown: firstMeaningfulLine(want.text),
  };
}

function firstLine(script: string): string {
  return script.split('\n', 1)[0] ?? '';
}

function firstMeaningfulLine(script: string): string {
  const lines = script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const [first = ''] = lines.filter((line) => !line.startsWith('#') && !line.startsWith('set -'));
  return lines.length > 1 ? `${first} … (${String(lines.length)} lines)` : first;
}

export const script = programOperation<Want>({
  name: 'script',
  summary: 'Run a shell script',
  schema,
  mayHoldSecret: ([key, ...inner]) => key === 'env' && inner.length === 1,
  program,
});
