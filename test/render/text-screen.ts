import type { Screen } from '../../src/render/renderer.ts';

/** A pipe: no terminal, no colour. */
export class TextScreen implements Screen {
  readonly isTerminal = false;
  readonly columns = 80;
  readonly rows = 24;
  readonly colour: boolean;
  text = '';

  constructor(colour = false) {
    this.colour = colour;
  }

  write(text: string): void {
    this.text += text;
  }
}
