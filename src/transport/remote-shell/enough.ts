import { enoughFrame } from './frames.ts';
import type { RunningCommand } from './running-command.ts';

/** The signal may come before what waits listens to it. */
const againMs = 1000;

/** Tells what runs in a copy of the shell to wait no longer, once it has waited long enough, until it has ended. */
export function tellEnough(running: RunningCommand, enoughMs: number, write: (frame: string) => void): void {
  let timer = setTimeout(function tell() {
    write(enoughFrame());
    timer = setTimeout(tell, againMs);
  }, enoughMs);
  const forget = (): void => {
    clearTimeout(timer);
  };
  running.outcome.then(forget, forget);
}
