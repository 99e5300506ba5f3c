import type { World } from '../world.ts';

/** How far it is, on a terminal. */
export function progressOn(
  { err }: World,
  hosts: number,
  done: string,
): { readonly one: () => void; readonly end: () => void } {
  let number = 0;
  const show = (): void => {
    if (err.isTerminal && hosts > 1) err.write(`\r${String(number)} of ${String(hosts)} hosts ${done}`);
  };
  show();
  return {
    one: () => {
      number += 1;
      show();
    },
    end: () => {
      if (err.isTerminal && hosts > 1) err.write('\r\x1b[K');
    },
  };
}
