import type { Secret } from '../../values/secret.ts';
import type {
  Command,
  Connection,
  ConnectionInfo,
  LockAnswer,
  LockHolder,
  Outcome,
  RunOptions,
  Target,
  Transport,
} from '../transport.ts';
import { redactError } from './redact-error.ts';
import { redactOutcome } from './redact-outcome.ts';
import { Redaction, type RedactedStream } from './redaction.ts';

/**
 * The only way in which text of a host gets out of a transport: without that host's secrets, in outcomes,
 * lines as they come, and errors. Every transport is made through it, so that nobody above has to think of
 * it. What is copied as bytes (`stream` with an output) is not text, and is not touched.
 */
export function redacting(transport: Transport): Transport {
  return {
    async connect(target: Target, signal: AbortSignal): Promise<Connection> {
      const redaction = new Redaction(secretsOf(target));
      try {
        return new RedactedConnection(await transport.connect(target, signal), redaction, target.name);
      } catch (thrown) {
        throw redactError(thrown, redaction);
      }
    },
    close: () => transport.close(),
  };
}

/** Those of the hosts on the way too: what they say comes with it. */
function secretsOf({
  identityPassphrase,
  password,
  becomePassword,
  secretVars = new Map<string, Secret>(),
  jump,
}: Target): readonly Secret[] {
  const own = [identityPassphrase, password, becomePassword, ...secretVars.values()];
  return [...own.filter((secret) => secret !== undefined), ...(jump === undefined ? [] : secretsOf(jump))];
}

type OnOutput = NonNullable<RunOptions['onOutput']>;

class RedactedConnection implements Connection {
  readonly info: ConnectionInfo;
  readonly closed: Promise<Error | undefined>;
  readonly #inner: Connection;
  readonly #redaction: Redaction;
  readonly #host: string;

  constructor(inner: Connection, redaction: Redaction, host: string) {
    this.#inner = inner;
    this.#redaction = redaction;
    this.#host = host;
    const { server, runsAs, warnings } = inner.info;
    this.info = {
      ...inner.info,
      server: redaction.text(server),
      runsAs: redaction.text(runsAs),
      ...(warnings === undefined ? {} : { warnings: warnings.map((warning) => redaction.text(warning)) }),
    };
    this.closed = inner.closed.then((error) => this.#cleanError(error));
  }

  get ready(): Promise<undefined> {
    return this.#inner.ready.catch((thrown: unknown) => {
      throw redactError(thrown, this.#redaction);
    });
  }

  run(command: Command, options?: RunOptions): Promise<Outcome> {
    const lines = this.#lines(options);
    // Called at once: what is asked in one turn of the event loop travels together.
    return this.#clean(command, this.#inner.run(command, lines.options), lines);
  }

  stream(command: Command, io: Parameters<Connection['stream']>[1], options?: RunOptions): Promise<Outcome> {
    const lines = this.#lines(options);
    return this.#clean(command, this.#inner.stream(command, io, lines.options), lines);
  }

  async lock(holder: LockHolder, options?: Parameters<Connection['lock']>[1]): Promise<LockAnswer> {
    const answer = await this.#inner.lock(holder, options).catch((thrown: unknown) => {
      throw redactError(thrown, this.#redaction);
    });
    if (answer.held || answer.holder === undefined) return answer;
    const { run, by, reason, since } = answer.holder;
    const text = (said: string): string => this.#redaction.text(said);
    return { held: false, holder: { run: text(run), by: text(by), reason: text(reason), since: text(since) } };
  }

  unlock(): Promise<void> {
    return this.#inner.unlock();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  #cleanError(error: Error | undefined): Error | undefined {
    const clean = redactError(error, this.#redaction);
    return clean instanceof Error ? clean : undefined;
  }

  #lines(options: RunOptions | undefined): {
    readonly options: RunOptions | undefined;
    readonly end: (isCut: boolean) => void;
  } {
    const onOutput = options?.onOutput;
    if (onOutput === undefined) return { options, end: () => undefined };
    const streams = {
      stdout: new RedactedLines(this.#redaction, 'stdout', onOutput),
      stderr: new RedactedLines(this.#redaction, 'stderr', onOutput),
    };
    return {
      options: {
        ...options,
        onOutput: (stream, text) => {
          streams[stream].push(text);
        },
      },
      end: (isCut) => {
        streams.stdout.end(isCut);
        streams.stderr.end(isCut);
      },
    };
  }

  async #clean(
    command: Command,
    answer: Promise<Outcome>,
    lines: { readonly end: (isCut: boolean) => void },
  ): Promise<Outcome> {
    let outcome: Outcome;
    try {
      outcome = await answer;
    } catch (thrown) {
      lines.end(true);
      throw redactError(thrown, this.#redaction);
    }
    lines.end(false);
    return redactOutcome(this.#redaction, this.#host, command, outcome);
  }
}

/** A line without end is passed on in pieces, so that it cannot fill the memory. */
const longestLine = 64 * 1024;

/** Whole lines, as they come from below: what is kept back of a line keeps back the line. */
class RedactedLines {
  readonly #stream: RedactedStream;
  readonly #name: 'stdout' | 'stderr';
  readonly #onOutput: OnOutput;
  #partial = '';

  constructor(redaction: Redaction, name: 'stdout' | 'stderr', onOutput: OnOutput) {
    this.#stream = redaction.stream();
    this.#name = name;
    this.#onOutput = onOutput;
  }

  push(text: string): void {
    const clean = this.#partial + this.#stream.push(text);
    const end = clean.length > longestLine ? clean.length : clean.lastIndexOf('\n') + 1;
    this.#partial = clean.slice(end);
    if (end > 0) this.#onOutput(this.#name, clean.slice(0, end));
  }

  end(isCut: boolean): void {
    const rest = this.#partial + this.#stream.end(isCut);
    this.#partial = '';
    if (rest !== '') this.#onOutput(this.#name, rest);
  }
}
