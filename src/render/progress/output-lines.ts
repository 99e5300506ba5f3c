type Stream = 'stdout' | 'stderr';

/** The last line of a stream, which has no line feed yet. */
interface OpenLine {
  /** What a terminal would show of it, with a carriage return behind it when one has come. */
  readonly text: string;
  /** It has been written again in place: the progress of a copy. */
  readonly rewritten: boolean;
  /** What has been printed of it. */
  readonly printed: string | undefined;
}

interface HostOutput {
  readonly open: Map<Stream, OpenLine>;
  /** Milliseconds of the last update that was printed. */
  updatedAt: number | undefined;
}

const betweenUpdatesMs = 5000;
const longestOpenLine = 16 * 1024;

/**
 * What hosts print, as lines for a log; it may be cut anywhere between two events. A line is printed
 * when it has ended. Of a line that is written again and again in place an update is printed every few
 * seconds, by the time of the events, and always the last one; what else was overwritten is left out.
 */
export class OutputLines {
  readonly #hosts = new Map<string, HostOutput>();

  /** @param at milliseconds since the epoch */
  add(host: string, stream: Stream, text: string, at: number): readonly string[] {
    const output = this.#hosts.get(host) ?? { open: new Map<Stream, OpenLine>(), updatedAt: undefined };
    this.#hosts.set(host, output);
    const open = output.open.get(stream);
    output.open.delete(stream);
    const ended = `${open?.text ?? ''}${text}`.split('\n');
    const last = ended.pop() ?? '';
    const lines = ended.map(visible).filter((shown, index) => index > 0 || shown !== open?.printed);
    if (last === '') return lines;

    const shown = visible(last);
    if (shown.length > longestOpenLine) return [...lines, shown];
    const before = ended.length === 0 ? open : undefined;
    const rewritten = last.includes('\r') || before?.rewritten === true;
    const isDue =
      rewritten &&
      shown.trim() !== '' &&
      shown !== before?.printed &&
      (output.updatedAt === undefined || at - output.updatedAt >= betweenUpdatesMs);
    if (isDue) output.updatedAt = at;
    output.open.set(stream, {
      text: last.endsWith('\r') ? `${shown}\r` : shown,
      rewritten,
      printed: isDue ? shown : before?.printed,
    });
    return isDue ? [...lines, shown] : lines;
  }

  /** What has not been printed of the host's open lines: nothing more comes of them. */
  end(host: string): readonly string[] {
    const open = [...(this.#hosts.get(host)?.open.values() ?? [])];
    this.#hosts.delete(host);
    return open.flatMap(({ text, printed }) => {
      const shown = visible(text);
      return shown.trim() === '' || shown === printed ? [] : [shown];
    });
  }

  /** Hosts that have printed something since the last `end`. */
  get hosts(): readonly string[] {
    return [...this.#hosts.keys()];
  }
}

/** What a terminal would leave of a line: the last text that was written into it. */
function visible(line: string): string {
  const texts = line.replace(/\r+$/, '').split('\r');
  return texts.findLast((text) => text.trim() !== '') ?? texts.at(-1) ?? '';
}
