import * as z from 'zod';
import { jsonObjectSchema } from '../plan/change-schema.ts';
import type { JsonObject } from '../values/json.ts';
import { parseJson } from '../values/json.ts';
import type { EtcdOptions } from './etcd-gateway.ts';
import { EtcdGateway } from './etcd-gateway.ts';
import type { Store, Stored } from './store.ts';
import { textOf, unavailable } from './store.ts';
import { byHand } from '../values/shell.ts';

/** The gateway sends 64-bit numbers as texts, and leaves out what is empty, zero or false. */
const keyValue = z.object({ key: z.base64(), value: z.base64().default(''), mod_revision: z.string().regex(/^\d+$/) });
const range = z.object({ kvs: z.array(keyValue).default([]), more: z.boolean().default(false) });
const transaction = z.object({ header: z.object({}), succeeded: z.boolean().default(false) });

const pageKeys = 100;

/**
 * Values in etcd. A revision is the key's own `mod_revision`, and nothing older than what is there now
 * is ever asked for, so that compaction takes nothing away.
 */
export function createEtcdStore(options: EtcdOptions): Store {
  return new EtcdStore(new EtcdGateway(options));
}

class EtcdStore implements Store {
  readonly #gateway: EtcdGateway;

  constructor(gateway: EtcdGateway) {
    this.#gateway = gateway;
  }

  get place(): string {
    return this.#gateway.place;
  }

  /** Only a majority of the members can answer it. */
  async check(signal: AbortSignal): Promise<void> {
    await this.get('plimsoll/', signal);
  }

  async get(key: string, signal: AbortSignal): Promise<Stored | undefined> {
    const { kvs } = await this.#gateway.call('/v3/kv/range', { key: base64(key) }, range, signal);
    return kvs.map((found) => this.#stored(found))[0];
  }

  async list(prefix: string, signal: AbortSignal): Promise<readonly Stored[]> {
    const found: Stored[] = [];
    const end = base64(after(prefix));
    // The pages are not of one moment: each key is a version by itself.
    for (let from = prefix; ;) {
      const { kvs, more } = await this.#gateway.call(
        '/v3/kv/range',
        { key: base64(from), range_end: end, limit: String(pageKeys) },
        range,
        signal,
      );
      found.push(...kvs.map((each) => this.#stored(each)));
      const last = found.at(-1);
      if (!more || last === undefined) return found;
      from = `${last.key}\0`;
    }
  }

  /** etcd finds keys by how they begin only. */
  async listEach(directory: string, rest: string, signal: AbortSignal): Promise<readonly Stored[]> {
    const all = await this.list(directory, signal);
    return all.filter(({ key }) => key.startsWith(rest, key.indexOf('/', directory.length)));
  }

  createIfAbsent(key: string, value: JsonObject, signal: AbortSignal): Promise<boolean> {
    return this.#put(key, value, { target: 'CREATE', result: 'EQUAL', create_revision: '0' }, signal);
  }

  compareAndSwap(key: string, revision: string, value: JsonObject, signal: AbortSignal): Promise<boolean> {
    return this.#put(key, value, { target: 'MOD', result: 'EQUAL', mod_revision: revision }, signal);
  }

  async #put(key: string, value: JsonObject, condition: object, signal: AbortSignal): Promise<boolean> {
    const put = { key: base64(key), value: base64(textOf(key, value)) };
    const { succeeded } = await this.#gateway.call(
      '/v3/kv/txn',
      { compare: [{ key: put.key, ...condition }], success: [{ request_put: put }] },
      transaction,
      signal,
    );
    return succeeded;
  }

  #stored({ key, value, mod_revision: revision }: z.infer<typeof keyValue>): Stored {
    const name = text(key);
    const parsed = jsonObjectSchema.safeParse(parseJson(text(value)));
    if (!parsed.success)
      throw unavailable(this.place, `the value of ${name} is no JSON object`, {
        hint: `somebody else has written it: look at it (${byHand('etcdctl', 'get', name)}), and remove it`,
      });
    return { key: name, value: parsed.data, revision };
  }
}

function base64(plain: string): string {
  return Buffer.from(plain).toString('base64');
}

function text(encoded: string): string {
  return Buffer.from(encoded, 'base64').toString();
}

/** The first key after all those with the prefix, which ends in a character of ASCII. */
function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
