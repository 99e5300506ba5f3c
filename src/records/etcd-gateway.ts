import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import * as z from 'zod';
import { AppError } from '../errors.ts';
import { parseJson } from '../values/json.ts';
import { oneLine } from '../values/terminal.ts';
import type { Secret } from '../values/secret.ts';
import { unavailable } from './store.ts';

export interface EtcdOptions {
  /** `host:port`; tried in turn, beginning with the one that answered last. */
  readonly endpoints: readonly string[];
  /** Absent: without TLS. The texts of PEM files. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: Secret };
  readonly user?: { readonly name: string; readonly password: Secret };
  /** How long one endpoint is given for one answer. */
  readonly timeoutMs?: number;
}

const defaultTimeoutMs = 5000;
/** A page of records, each of which may be as large as one can be, in base64. */
const mostAnswerBytes = 128 * 1024 * 1024;

/** The gateway's own errors: gRPC's codes (https://grpc.io/docs/guides/status-codes/). */
const refusal = z.object({
  error: z.string().default(''),
  message: z.string().default(''),
  code: z.number().default(0),
});
const unauthenticated = 16;
const failedPrecondition = 9;
/** About this endpoint at this moment: another one, or the same later, may answer. */
const passing: ReadonlySet<number> = new Set([1, 4, 8, 13, 14]);

const remedy =
  'is etcd up, and may this machine reach it? --records or $PLIMSOLL_RECORDS says where it is (etcd://HOST:PORT,…, or etcds:// for TLS); ETCDCTL_CACERT, _CERT, _KEY, _USER and _PASSWORD are honoured';

/** etcd's JSON gateway (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway/), version 3.4 or newer. */
export class EtcdGateway {
  readonly place: string;
  readonly #options: EtcdOptions;
  readonly #agent: HttpAgent | HttpsAgent;
  /** The endpoint that answered last. */
  #current = 0;
  #token: Promise<string> | undefined;

  constructor(options: EtcdOptions) {
    const { endpoints, tls } = options;
    this.place = `${tls === undefined ? 'etcd' : 'etcds'}://${endpoints.join(',')}`;
    this.#options = options;
    // A connection of its own for each call: there are few, and one that was kept may be dead by the next change.
    const few = { keepAlive: false, maxSockets: 32 };
    this.#agent =
      tls === undefined
        ? new HttpAgent(few)
        : new HttpsAgent({
            ...few,
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            ...(tls.cert === undefined ? {} : { cert: tls.cert }),
            ...(tls.key === undefined ? {} : { key: tls.key.reveal() }),
          });
  }

  /** The answer to one call. Errors: `records-unavailable` with what each endpoint has said, `interrupted`. */
  async call<Answer>(path: string, body: object, answer: z.ZodType<Answer>, signal: AbortSignal): Promise<Answer> {
    const { user } = this.#options;
    let token = user === undefined ? undefined : await this.#authenticated(signal);
    let answered = await this.#ask(path, body, token, signal);
    if (token !== undefined && answered.refused?.code === unauthenticated) {
      // Tokens end: after five minutes, and with their server.
      this.#token = undefined;
      token = await this.#authenticated(signal);
      answered = await this.#ask(path, body, token, signal);
    }
    const { refused, value, endpoint } = answered;
    if (refused !== undefined)
      throw unavailable(this.place, `${endpoint} answers: ${said(refused)}`, {
        hint: /auth|permission|user|token/i.test(said(refused))
          ? 'ETCDCTL_USER and ETCDCTL_PASSWORD name a user who may read and write keys that begin with plimsoll/'
          : remedy,
      });
    const parsed = answer.safeParse(value);
    if (!parsed.success)
      throw unavailable(
        this.place,
        `${endpoint} answers something else than etcd does: ${oneLine(z.prettifyError(parsed.error), 200)}`,
        { hint: remedy },
      );
    return parsed.data;
  }

  async #authenticated(signal: AbortSignal): Promise<string> {
    // Calls at the same time share one token.
    this.#token ??= this.#authenticate(signal);
    try {
      return await this.#token;
    } catch (thrown) {
      this.#token = undefined;
      throw thrown;
    }
  }

  async #authenticate(signal: AbortSignal): Promise<string> {
    const { user } = this.#options;
    if (user === undefined) return '';
    const { refused, value, endpoint } = await this.#ask(
      '/v3/auth/authenticate',
      { name: user.name, password: user.password.reveal() },
      undefined,
      signal,
    );
    // This server asks nobody who he is.
    if (refused?.code === failedPrecondition) return '';
    const token = z.object({ token: z.string() }).safeParse(value).data?.token;
    if (token === undefined)
      throw unavailable(
        this.place,
        `${endpoint} does not let the user ${oneLine(user.name, 60)} in${refused === undefined ? '' : `: ${said(refused)}`}`,
        { hint: 'ETCDCTL_USER (NAME, or NAME:PASSWORD) and ETCDCTL_PASSWORD say who' },
      );
    return token;
  }

  /** The first answer of any endpoint. */
  async #ask(path: string, body: object, token: string | undefined, signal: AbortSignal): Promise<Answered> {
    const { endpoints } = this.#options;
    const failures: string[] = [];
    for (const offset of endpoints.keys()) {
      signal.throwIfAborted();
      const index = (this.#current + offset) % endpoints.length;
      const endpoint = endpoints[index] ?? '';
      try {
        const { status, text } = await this.#post(endpoint, path, JSON.stringify(body), token, signal);
        const value = parseJson(text);
        const refused =
          status === 200
            ? undefined
            : (refusal.safeParse(value).data ?? { error: `HTTP status ${String(status)}`, message: '', code: 0 });
        if (refused === undefined || !passing.has(refused.code)) {
          this.#current = index;
          return { endpoint, value, refused };
        }
        failures.push(`${endpoint}: ${said(refused)}`);
      } catch (thrown) {
        if (signal.aborted) throw signal.reason;
        failures.push(`${endpoint}: ${whyOf(thrown)}`);
      }
    }
    throw unavailable(this.place, failures.join('; '), { hint: remedy });
  }

  #post(
    endpoint: string,
    path: string,
    body: string,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly status: number; readonly text: string }> {
    const { tls, timeoutMs = defaultTimeoutMs } = this.#options;
    const url = new URL(path, `${tls === undefined ? 'http' : 'https'}://${endpoint}`);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(token === undefined || token === '' ? {} : { authorization: token }),
    };
    const options = {
      method: 'POST',
      headers,
      agent: this.#agent,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    };
    return new Promise((resolve, reject) => {
      const sent = tls === undefined ? httpRequest(url, options) : httpsRequest(url, options);
      sent.on('error', reject);
      sent.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > mostAnswerBytes)
            response.destroy(new Error(`the answer is longer than ${String(mostAnswerBytes)} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
        });
      });
      sent.end(body);
    });
  }
}

interface Answered {
  readonly endpoint: string;
  readonly value: unknown;
  readonly refused: z.infer<typeof refusal> | undefined;
}

function said({ error, message, code }: z.infer<typeof refusal>): string {
  return oneLine(message || error || `code ${String(code)}`, 200);
}

function whyOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  // The reason of a refused connection to a name with several addresses is only in its parts.
  if (thrown instanceof AggregateError) return [...new Set(thrown.errors.map(whyOf))].join(', ');
  if (thrown.name === 'AbortError' || thrown.name === 'TimeoutError') return 'no answer in time';
  return oneLine(thrown instanceof AppError || thrown.message !== '' ? thrown.message : thrown.name, 200);
}
