import { choose, say } from '../rotation/choice.ts';
import { dueLabFiles, labFiles } from '../rotation/lab-files.ts';

/** Says at the end of `npm run test:lab` what it has left to other turns, and the commands that run it. */
export function teardown(): void {
  const choice = choose('PLIMSOLL_LAB');
  const due = dueLabFiles(choice);
  const left = labFiles.filter((file) => !due.includes(file)).map(({ name }) => name);
  const others = left.length === 0 ? '' : `\n  left to other turns: ${left.join(', ')}`;
  process.stdout.write(`\n${say(choice, 'PLIMSOLL_LAB=all npm run test:lab')}${others}\n`);
}
