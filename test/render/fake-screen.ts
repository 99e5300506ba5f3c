import { Terminal } from '@xterm/headless';
import type { Screen } from '../../src/render/renderer.ts';

/** A screen that feeds a real terminal emulator, which turns `\n` into `\r\n` as a tty does. */
export class FakeScreen implements Screen {
  readonly isTerminal = true;
  readonly colour: boolean;
  readonly terminal: Terminal;
  readonly titles: string[] = [];
  written = '';
  /** The most that was written at once since the last `settle`. */
  #pending: Promise<void>[] = [];

  constructor(size: { readonly columns: number; readonly rows: number; readonly colour?: boolean }) {
    this.colour = size.colour ?? true;
    this.terminal = new Terminal({
      cols: size.columns,
      rows: size.rows,
      scrollback: 5000,
      convertEol: true,
      allowProposedApi: true,
    });
    this.terminal.onTitleChange((title) => this.titles.push(title));
  }

  get columns(): number {
    return this.terminal.cols;
  }

  get rows(): number {
    return this.terminal.rows;
  }

  write(text: string): void {
    this.written += text;
    this.#pending.push(
      new Promise((resolve) => {
        this.terminal.write(text, resolve);
      }),
    );
  }

  async settle(): Promise<void> {
    await Promise.all(this.#pending);
    this.#pending = [];
  }

  /** Everything the terminal holds, scrollback included, without trailing blank lines. */
  async everything(): Promise<readonly string[]> {
    await this.settle();
    const lines = Array.from({ length: this.terminal.buffer.active.length }, (_, row) => this.#row(row));
    return lines.slice(0, lines.findLastIndex((text) => text !== '') + 1);
  }

  /** The rows on the screen now. */
  async visible(): Promise<readonly string[]> {
    await this.settle();
    return Array.from({ length: this.rows }, (_, row) => this.#row(this.terminal.buffer.active.baseY + row));
  }

  async wrappedRows(): Promise<number> {
    await this.settle();
    const buffer = this.terminal.buffer.active;
    return Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row)?.isWrapped ?? false).filter(Boolean)
      .length;
  }

  get cursorHidden(): boolean {
    return this.written.lastIndexOf('\x1b[?25l') > this.written.lastIndexOf('\x1b[?25h');
  }

  #row(row: number): string {
    return this.terminal.buffer.active.getLine(row)?.translateToString(true) ?? '';
  }
}
