import type { StepOutput } from '../../operations/engine/operation.ts';

/** A journal is read as a whole: what a program printed beyond this is on the host only. */
const recordedCharacters = 1024 * 1024;

export function recorded({ status, stdout, stderr }: StepOutput): StepOutput {
  return { status, stdout: shortened(stdout), stderr: shortened(stderr) };
}

/** Of a long text whose lines were written again and again (a progress), the last writing of each. */
function shortened(text: string): string {
  const lines = text.length > recordedCharacters / 16 ? text.split('\n').map(lastWriting).join('\n') : text;
  return lines.slice(0, recordedCharacters);
}

function lastWriting(line: string): string {
  let end = line.length;
  while (line[end - 1] === '\r') end -= 1;
  return end === 0 ? line : line.slice(line.lastIndexOf('\r', end - 1) + 1);
}
