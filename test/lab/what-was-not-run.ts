import { choose, say } from '../rotation/choice.ts';
import { dueLabFiles, labFiles, type LabFile } from '../rotation/lab-files.ts';
import { commitsOfARotation } from '../rotation/turn.ts';

/** Says at the end of `npm run test:lab` what it has left to other turns, and the commands that run it. */
export function teardown(): void {
  const choice = choose('PLIMSOLL_LAB');
  const { files, postponed } = dueLabFiles(choice);
  const left = labFiles.filter((file) => !files.includes(file) && !postponed.includes(file));
  const line = (what: string, which: readonly LabFile[]): string =>
    which.length === 0 ? '' : `\n  ${what}: ${which.map(({ name }) => name).join(', ')}`;
  const told =
    line('left to other turns', left) +
    line('TOUCHED by the change, and left to other turns for want of time', postponed);
  process.stdout.write(`\n${say(choice, commitsOfARotation.lab, 'PLIMSOLL_LAB=all npm run test:lab')}${told}\n`);
}
