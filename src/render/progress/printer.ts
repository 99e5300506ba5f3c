import { type Line, line, paint } from '../line.ts';
import type { Screen } from '../renderer.ts';
import { count } from '../words.ts';

/** How many lines of what programs print are kept for later. */
const keptOutput = 1000;

interface Held {
  readonly lines: readonly Line[];
  /** What a program printed: the only thing there may be too much of. */
  readonly output: boolean;
}

/**
 * Prints lines that stay. While it is held they wait, in order: of what programs print the newest
 * thousand lines, of everything else all.
 */
export class Printer {
  readonly #screen: Screen;
  #holds = 0;
  #held: Held[] = [];
  #heldOutput = 0;
  #leftOut = 0;
  #closed = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  get isHeld(): boolean {
    return this.#holds > 0;
  }

  print(lines: readonly Line[], output = false): void {
    if (lines.length === 0) return;
    if (!this.isHeld) {
      this.#screen.write(paint(lines, this.#screen.colour));
      return;
    }
    this.#held.push({ lines, output });
    if (output) this.#heldOutput += lines.length;
    // Not at each line, since the whole queue is looked through.
    if (this.#heldOutput > 2 * keptOutput) this.#shorten();
  }

  /** Until what it returns is called, and until everybody else who holds it has let go as well. */
  hold(released: () => void): () => void {
    if (this.#closed) return () => undefined;
    this.#holds += 1;
    let mine = true;
    return () => {
      if (!mine || this.#closed) return;
      mine = false;
      this.#holds -= 1;
      if (this.isHeld) return;
      this.#flush();
      released();
    };
  }

  /** Prints what waits, whoever still holds it. */
  close(): void {
    this.#closed = true;
    this.#holds = 0;
    this.#flush();
  }

  #flush(): void {
    const note =
      this.#leftOut === 0
        ? []
        : [
            line(
              `… the first ${count(this.#leftOut, 'line')} that programs printed meanwhile ${this.#leftOut === 1 ? 'is' : 'are'} left out`,
              'faint',
            ),
          ];
    const lines = [...note, ...this.#held.flatMap((held) => held.lines)];
    this.#held = [];
    this.#heldOutput = 0;
    this.#leftOut = 0;
    this.print(lines);
  }

  #shorten(): void {
    let over = this.#heldOutput - keptOutput;
    this.#held = this.#held.flatMap((held) => {
      if (!held.output || over === 0) return [held];
      const dropped = Math.min(over, held.lines.length);
      over -= dropped;
      return dropped === held.lines.length ? [] : [{ ...held, lines: held.lines.slice(dropped) }];
    });
    this.#leftOut += this.#heldOutput - keptOutput;
    this.#heldOutput = keptOutput;
  }
}
