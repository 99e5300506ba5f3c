import type { StepOutput } from '../../operations/engine/operation.ts';

type Stream = 'stdout' | 'stderr';

export interface SeriesListener {
  /** What the one whose turn it is has printed. */
  readonly onOutput: (stream: Stream, text: string) => void;
  /** It has ended, and this is all that it has printed; not told of the last. It stays its turn until `goOn` is called. */
  readonly onEnd: (output: StepOutput) => void;
}

/** What has come on one stream. */
class Divided {
  readonly #mark: string;
  /** What each has printed, without what may be the beginning of a mark. */
  readonly texts: string[] = [''];
  /** What stood behind the marks: of standard output, exit statuses. */
  readonly said: string[] = [];
  #held = '';

  constructor(mark: string) {
    this.#mark = mark;
  }

  add(text: string): void {
    this.#held += text;
    for (;;) {
      const at = this.#held.indexOf(this.#mark);
      const end = at === -1 ? -1 : this.#held.indexOf('\n', at);
      if (end === -1) {
        this.#keep(at === -1 ? this.#held.length - beginningAtEnd(this.#held, this.#mark) : at);
        return;
      }
      this.#keep(at);
      this.said.push(this.#held.slice(this.#mark.length, end - at).trim());
      this.#held = this.#held.slice(end - at + 1);
      this.texts.push('');
    }
  }

  end(): void {
    this.#keep(this.#held.length);
  }

  #keep(length: number): void {
    const nth = this.texts.length - 1;
    this.texts[nth] = `${this.texts[nth] ?? ''}${this.#held.slice(0, length)}`;
    this.#held = this.#held.slice(length);
  }
}

/** Divides what a series prints into what each of it has printed. The text may come in any pieces. */
export class SeriesOutput {
  readonly #listener: SeriesListener;
  readonly #streams: Readonly<Record<Stream, Divided>>;
  /** How much of each stream's text was handed on, of the one whose turn it is. */
  #handedOn: Record<Stream, number> = { stdout: 0, stderr: 0 };
  #turn = 0;
  #isOver = false;

  constructor(mark: string, listener: SeriesListener) {
    this.#streams = { stdout: new Divided(mark), stderr: new Divided(mark) };
    this.#listener = listener;
  }

  /** How many are known to have ended. */
  get ended(): number {
    return Math.min(this.#streams.stdout.said.length, this.#streams.stderr.said.length);
  }

  add(stream: Stream, text: string): void {
    this.#streams[stream].add(text);
    this.#handOn();
  }

  /** Nothing more comes. */
  end(): void {
    this.#streams.stdout.end();
    this.#streams.stderr.end();
    this.#handOn();
  }

  /** It is the turn of the next one. */
  goOn(): void {
    this.#turn += 1;
    this.#isOver = false;
    this.#handedOn = { stdout: 0, stderr: 0 };
    this.#handOn();
  }

  printed(nth: number): Omit<StepOutput, 'status'> {
    const { stdout, stderr } = this.#streams;
    return { stdout: stdout.texts[nth] ?? '', stderr: stderr.texts[nth] ?? '' };
  }

  #handOn(): void {
    if (this.#isOver) return;
    const printed = this.printed(this.#turn);
    for (const stream of ['stdout', 'stderr'] as const) {
      const text = printed[stream].slice(this.#handedOn[stream]);
      this.#handedOn[stream] = printed[stream].length;
      if (text !== '') this.#listener.onOutput(stream, text);
    }
    if (this.#turn >= this.ended) return;
    this.#isOver = true;
    this.#listener.onEnd({ status: Number(this.#streams.stdout.said[this.#turn]), ...printed });
  }
}

/** How much at the end of a text may be the beginning of the mark. */
function beginningAtEnd(text: string, mark: string): number {
  for (let length = Math.min(text.length, mark.length - 1); length > 0; length -= 1)
    if (text.endsWith(mark.slice(0, length))) return length;
  return 0;
}
