import type { World } from '../../src/cli/world.ts';

/** Screens that are no terminal, and what has been written to each. */
export function keptScreens(): {
  readonly text: { out: string; err: string };
  readonly screen: (name: 'out' | 'err') => World['out'];
} {
  const text = { out: '', err: '' };
  return {
    text,
    screen: (name) => ({
      write: (more) => {
        text[name] += more;
      },
      isTerminal: false,
      columns: 80,
      rows: 24,
      colour: false,
    }),
  };
}
