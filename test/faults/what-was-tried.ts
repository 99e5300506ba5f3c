import { choose, say } from '../rotation/choice.ts';
import { commitsOfARotation } from '../rotation/turn.ts';

/** Says at the end of the fault suite what it has tried, and how the same and the rest are. */
export function teardown(): void {
  process.stdout.write(
    `\n${say(choose('PLIMSOLL_FAULTS'), commitsOfARotation.faults, 'PLIMSOLL_FAULTS=all npm run test:faults')}\n`,
  );
}
