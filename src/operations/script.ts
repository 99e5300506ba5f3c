import { z } from 'zod';
import { exitStatuses, hostPath } from './input.ts';
import { defineOperation } from './operation.ts';
import type { Program } from './program.ts';
import { planProgram, programNeeds, programResult, programTouches } from './program.ts';

const shebang = /^#![ \t]*(?:\/\S*\/)?(?:env[ \t]+)?(sh|bash|dash|ash|ksh|zsh)(?:[ \t]+(-\w+))?[ \t]*$/;

const text = z
  .string()
  .refine((script) => script.trim() !== '', 'is empty')
  .refine((script) => !script.startsWith('#!') || shebang.test(firstLine(script)), 'is no shell script: upload it, and run it with command');

const long = z.strictObject({
  text: text.describe('the script; its first line may name another shell than /bin/sh'),
  args: z.array(z.string()).default([]).describe('its "$1", "$2" …: give values in this way, not in the text'),
  read_only: z.boolean().default(false).describe('changes nothing: runs in the preview too'),
  creates: hostPath.optional().describe('nothing is done when this path exists'),
  success: exitStatuses.default([0]),
});

const schema = z
  .union([text.transform((script) => ({ text: script })).pipe(long), long], { error: 'must be the text of a shell script, or {text: …} with args, read_only, creates or success' })
  .refine(({ read_only, creates }) => !(read_only && creates !== undefined), 'read_only and creates exclude each other: what only reads creates nothing');

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
  const lines = script.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  const [first = ''] = lines.filter((line) => !line.startsWith('#') && !line.startsWith('set -'));
  return lines.length > 1 ? `${first} … (${String(lines.length)} lines)` : first;
}

export const script = defineOperation<Want>({
  name: 'script',
  summary: 'Run a shell script',
  schema,
  readOnly: (want) => want.read_only,
  repeats: true,
  needs: (want) => programNeeds(program(want)),
  plan: (want, known) => planProgram(program(want), known),
  touches: (want) => programTouches(program(want)),
  result: (want, known, output) => programResult(program(want), known, output),
});
