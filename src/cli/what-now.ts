import type { Renderer } from '../render/renderer.ts';
import type { OnInterrupt } from './interrupts.ts';
import type { World } from './world.ts';

const question = `
Interrupted. What now?
  d  detach: hosts finish what they are doing by themselves; plimsoll resume follows it
  s  stop at the next safe point of every host
  r  stop, then roll back what this run has done
  c  go on
[d/s/r/c] (Ctrl-C again detaches) `;

export interface WhatNow {
  readonly chosen: OnInterrupt | undefined;
  /** There is something on hosts now that has to be decided about. */
  begin(): void;
  end(): void;
}

/** What Ctrl-C does while hosts are being worked on: what the command line says, or what the operator answers. */
export function askWhatNow(
  world: World,
  { onInterrupt }: { readonly onInterrupt?: OnInterrupt | undefined },
  renderer: Renderer,
): WhatNow {
  const { interrupts } = world;
  let chosen: OnInterrupt | undefined;
  let forget = (): void => undefined;
  const carryOut = (choice: OnInterrupt): void => {
    chosen = choice;
    if (choice === 'detach') interrupts.detachNow();
    else interrupts.stopNow();
  };
  const ask = async (): Promise<void> => {
    const release = renderer.hold();
    try {
      const choice = choiceOf(await world.ask(question));
      if (choice === 'go on') interrupts.goOn();
      else carryOut(choice);
    } catch {
      // Interrupted once more, or no answer: the hosts are left to themselves.
      carryOut('detach');
    } finally {
      release();
    }
  };
  return {
    get chosen() {
      return chosen;
    },
    begin() {
      forget = interrupts.asking(() => {
        if (onInterrupt !== undefined) carryOut(onInterrupt);
        else if (world.interactive) void ask();
        else carryOut('stop');
      });
    },
    end() {
      forget();
    },
  };
}

function choiceOf(answer: string): OnInterrupt | 'go on' {
  const [letter = ''] = answer.trim().toLowerCase();
  if (letter === 'd') return 'detach';
  if (letter === 'r') return 'rollback';
  return letter === 'c' ? 'go on' : 'stop';
}
