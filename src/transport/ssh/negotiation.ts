import type { Client } from 'ssh2';
import { socketOf } from './client.ts';

/** What both sides had of one kind of algorithm. */
export interface Lists {
  readonly kind: Kind;
  readonly server: readonly string[];
  readonly own: readonly string[];
}

export type Kind = 'key exchange' | 'host key' | 'cipher' | 'MAC';

/** By the beginning of what ssh2 says of it, in the order in which they are agreed on. */
const kinds: readonly (readonly [RegExp, Kind])[] = [
  [/^KEX method$/, 'key exchange'],
  [/^Host key format$/, 'host key'],
  [/ cipher$/, 'cipher'],
  [/ MAC$/, 'MAC'],
];

/** What the two sides tell each other before anything is agreed on. ssh2 gives it to whoever listens to its own account. */
export class Negotiation {
  #last: Lists | undefined;
  #first = '';
  #isOver = false;

  /** Of the kind about which they were when they came to an end. */
  get last(): Lists | undefined {
    return this.#last;
  }

  /** The line that a server said in front of, or instead of, the name of its software. */
  get firstWords(): string {
    return this.#first;
  }

  readonly debug = (text: string): void => {
    if (this.#isOver) return;
    const [, side, what = '', list = ''] = /^Handshake: \((local|remote)\) ([^:]+): (.*)$/.exec(text) ?? [];
    const kind = kinds.find(([pattern]) => pattern.test(what))?.[1];
    if (kind === undefined) return;
    const names = list.split(',').filter((name) => !/^(?:ext-info-|kex-strict-)/.test(name));
    if (side === 'local') this.#last = { kind, own: names, server: [] };
    else if (this.#last?.kind === kind) this.#last = { ...this.#last, server: names };
  };

  /** From the first byte: what comes before the server's name for itself goes by in ssh2, or is all there is. */
  listen(client: Client): void {
    const socket = socketOf(client);
    if (socket === undefined) return;
    let said = '';
    const hear = (data: Buffer): void => {
      said += data.toString('latin1', 0, 256);
      const isName = /^SSH-/m.test(said);
      if (isName || said.length > 256) socket.off('data', hear);
      this.#first = (/^(?!SSH-)\s*(\S[^\r\n]*)/.exec(said)?.[1] ?? '').slice(0, 256);
    };
    socket.on('data', hear);
    client.once('handshake', () => {
      this.#isOver = true;
      socket.off('data', hear);
      // Every packet of the connection would be told from here on.
      const protocol: unknown = Reflect.get(client, '_protocol');
      if (typeof protocol === 'object' && protocol !== null) Reflect.set(protocol, '_debug', undefined);
    });
  }
}
