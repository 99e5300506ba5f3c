import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent, StampedEvent } from './event.ts';

export interface EventLimits {
  /** Of one host's events. */
  readonly hostBytes: number;
  readonly runBytes: number;
  /** What may wait for the disk. */
  readonly waitingBytes: number;
}

const mib = 1024 * 1024;
const usual: EventLimits = { hostBytes: 16 * mib, runBytes: 512 * mib, waitingBytes: 16 * mib };

/** Kept whatever was left out: a few of them for each host. */
const always: ReadonlySet<RunEvent['type']> = new Set([
  'run.started',
  'host.connected',
  'host.warned',
  'host.finished',
  'rollback.started',
  'run.finished',
]);

interface Share {
  bytes: number;
  omitted: number;
  omittedBytes: number;
}

/** Keeps what happens beside the journal, within bounds: much of it is what hosts print. */
export class EventLog {
  readonly #limits: EventLimits;
  /** Until there is a directory. */
  #early: StampedEvent[] | undefined = [];
  #file: ReturnType<typeof createWriteStream> | undefined;
  #bytes = 0;
  readonly #shares = new Map<string, Share>();
  #last = { seq: 0, at: '' };

  constructor(limits = usual) {
    this.#limits = limits;
  }

  add(event: StampedEvent): void {
    // Once a second for as long as a copy takes: a day of it would be all that is kept of a host.
    if (event.type === 'action.progress' && event.ended !== true) return;
    this.#early?.push(event);
    this.#put(event);
  }

  /** What cannot be kept of them is lost: the journal is what counts. */
  keepIn(directory: string): void {
    const file = createWriteStream(join(directory, 'events.jsonl'), { flags: 'a', mode: 0o600 });
    file.on('error', () => {
      this.#file = undefined;
    });
    this.#file = file;
    for (const event of this.#early ?? []) this.#put(event);
    this.#early = undefined;
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (file === undefined) return;
    for (const [host, { omitted, omittedBytes }] of this.#shares)
      if (omitted > 0) this.#say(host, { events: omitted, bytes: omittedBytes });
    await new Promise<void>((resolve) => {
      file.once('close', resolve);
      file.end();
    });
  }

  #put(event: StampedEvent): void {
    const file = this.#file;
    if (file === undefined) return;
    this.#last = { seq: event.seq, at: event.at };
    const line = `${JSON.stringify(event)}\n`;
    if (always.has(event.type)) {
      file.write(line);
      return;
    }
    const host = 'host' in event ? event.host : '';
    const share = this.#shareOf(host);
    const { hostBytes, runBytes, waitingBytes } = this.#limits;
    if (
      share.bytes + line.length <= hostBytes &&
      this.#bytes + line.length <= runBytes &&
      file.writableLength + line.length <= waitingBytes
    ) {
      share.bytes += line.length;
      this.#bytes += line.length;
      file.write(line);
      return;
    }
    // Said at once, should nobody come to the end.
    if (share.omitted === 0) this.#say(host, {});
    share.omitted += 1;
    share.omittedBytes += line.length;
  }

  #shareOf(host: string): Share {
    const share = this.#shares.get(host) ?? { bytes: 0, omitted: 0, omittedBytes: 0 };
    this.#shares.set(host, share);
    return share;
  }

  /** A line that stands in this file only. */
  #say(host: string, counted: { readonly events?: number; readonly bytes?: number }): void {
    this.#file?.write(
      `${JSON.stringify({ v: 1, ...this.#last, type: 'events.omitted', ...(host === '' ? {} : { host }), ...counted })}\n`,
    );
  }
}
