import { type Line, painter } from '../line.ts';
import type { Screen } from '../renderer.ts';
import { textWidth } from '../width.ts';

const csi = '\x1b[';
const hideCursor = `${csi}?25l`;
const showCursor = `${csi}?25h`;
// While a frame is drawn nothing may wrap, even where the terminal finds a character wider than we do.
const wrapOff = `${csi}?7l`;
const wrapOn = `${csi}?7h`;
const clearLine = `${csi}K`;
const clearBelow = `${csi}J`;

/**
 * A few lines at the bottom of a terminal that are drawn over again and again. Between frames the
 * cursor stands at the start of the row below them; nothing above them is touched.
 */
export class Window {
  readonly #screen: Screen;
  #drawn: readonly number[] = [];
  #columns = 0;
  #open = false;
  #closed = false;
  /** At the end of the process the window stays: by then the error that ended it is printed below. */
  readonly #restore = (): void => {
    this.#screen.write(`${wrapOn}${showCursor}`);
    this.#closed = true;
  };

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Each frame is one write, so that it is not seen half drawn. */
  draw(lines: readonly Line[]): void {
    if (this.#closed) return;
    const tint = painter(this.#screen.colour);
    const body = lines.map(({ text, tone }) => `${tint(text, tone)}${clearLine}\n`).join('');
    this.#screen.write(`${this.#begin()}${wrapOff}${this.#up()}${body}${clearBelow}${wrapOn}`);
    this.#drawn = lines.map(({ text }) => textWidth(text));
    this.#columns = this.#screen.columns;
  }

  /** Removes the window and gives the cursor back. Safe to call again. */
  close(): void {
    if (this.#open && !this.#closed) this.#screen.write(`${this.#up()}${clearBelow}${wrapOn}${showCursor}`);
    this.#closed = true;
    process.removeListener('exit', this.#restore);
  }

  #begin(): string {
    if (this.#open) return '';
    this.#open = true;
    // An exception that nobody catches ends the process through `exit` too.
    process.once('exit', this.#restore);
    return hideCursor;
  }

  /** To the first row of the last frame. A terminal that has become narrower has wrapped its lines. */
  #up(): string {
    const columns = Math.max(1, this.#screen.columns);
    const narrower = columns < this.#columns;
    const rows = this.#drawn.reduce((sum, width) => sum + (narrower ? Math.max(1, Math.ceil(width / columns)) : 1), 0);
    const up = Math.min(rows, Math.max(0, this.#screen.rows - 1));
    return up === 0 ? '\r' : `\r${csi}${String(up)}A`;
  }
}
