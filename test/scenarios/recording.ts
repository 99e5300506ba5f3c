import { join } from 'node:path';
import type { Intent, Journal, JournalRecord } from '../../src/run/journal/journal.ts';
import { startWork } from '../../src/run/work/work.ts';
import type { Command, Connection, Transport } from '../../src/transport/transport.ts';
import { quote } from '../../src/values/shell.ts';
import { writeBesideFunctions } from '../../src/shell/write-beside.ts';
import type { SimulatedHost } from './simulated.ts';

/** What left the laptop, in order, with the journal's records between: `work` is a script that runs by itself. */
export type Sent =
  | { readonly kind: 'intent'; readonly intent: Intent }
  | { readonly kind: 'outcome'; readonly failed: boolean }
  | { readonly kind: 'work'; readonly name: string }
  | {
      readonly kind: 'command' | 'stream';
      readonly script: string;
      readonly args: readonly string[];
      readonly reads: boolean;
    };

/** Watches one run: what is sent to the host, and what the journal says of it. */
export class Recording {
  readonly sent: Sent[] = [];
  readonly #host: SimulatedHost;
  readonly #label: string;

  /** `label`: files of calls of different runs are apart. */
  constructor(host: SimulatedHost, label: string) {
    this.#host = host;
    this.#label = label;
  }

  /** Where what a piece of work has called is written. */
  fileOf(work: string): string {
    return join(this.#host.directory, 'state', `called-${this.#label}-${work}`);
  }

  readonly transport = (made: Transport): Transport => ({
    connect: async (target, signal) => this.#watched(await made.connect(target, signal)),
    close: () => made.close(),
  });

  readonly journal = (made: Journal): Journal => ({
    append: async (record) => {
      this.#noted(record);
      await made.append(record);
    },
    close: () => made.close(),
  });

  #noted(record: JournalRecord): void {
    if (record.type === 'intent') this.sent.push({ kind: 'intent', intent: record });
    if (record.type === 'outcome') this.sent.push({ kind: 'outcome', failed: record.error !== undefined });
  }

  #watched(connection: Connection): Connection {
    return {
      info: connection.info,
      get ready() {
        return connection.ready;
      },
      closed: connection.closed,
      run: (command, options) => connection.run(this.#told(command, 'command'), options),
      stream: (command, io, options) => connection.stream(this.#told(command, 'stream'), io, options),
      lock: (holder, options) => connection.lock(holder, options),
      unlock: () => connection.unlock(),
      close: () => connection.close(),
    };
  }

  #told(command: Command, kind: 'command' | 'stream'): Command {
    const { script, args = [], repeatable = false } = command;
    if (script !== workScript) {
      this.sent.push({ kind, script, args, reads: repeatable });
      // What only reads must not call what changes; of the rest the laws see which intent it was sent for.
      return repeatable ? command : { ...command, script: `SIM_WORK=sent; export SIM_WORK\n${script}` };
    }
    const [run = '', name = '', intent = '', text = '', ...more] = args;
    this.sent.push({ kind: 'work', name });
    return { ...command, args: [run, name, intent, this.#watchedWork(name, text), ...more] };
  }

  /** The programs that the script calls are the stand-ins, each of which becomes what it stands for. */
  #watchedWork(name: string, text: string): string {
    const { standIns } = this.#host;
    const head = `PATH=${quote(standIns)}:$PATH SIM_WORK=${quote(name)} SIM_CALLED=${quote(this.fileOf(name))}; export PATH SIM_WORK SIM_CALLED\n`;
    return (
      head +
      text
        .replace(writeBesideFunctions, () => watchedWriting)
        .replace(/^next\(\) \{$/m, () => watchedNext(this.fileOf(name)))
        .replaceAll(/(?<!unshare -m -p -f )\/bin\/sh(?= )/g, `${standIns}/bin_sh`)
    );
  }
}

/** What is done between two of a series is not printed, and the calls of each are written elsewhere (`callsOf`). */
function watchedNext(file: string): string {
  return `next() {
  unset SIM_CALLED
  next_unwatched "$1"
  sim_nth=$((\${sim_nth:-0} + 1))
  SIM_CALLED=${quote(file)}-$sim_nth
  export SIM_CALLED
}
next_unwatched() {`;
}

const workScript = startWork({ run: '', name: '' }, '', '').script;

/**
 * To write a file is one call, with what is written as its input; which programs do that is not printed. Whatever
 * writes or reads beside begins, in a subshell, with `beside_in`.
 */
const watchedWriting = `${writeBesideFunctions.replace('beside_in() {', 'beside_in() { unset SIM_CALLED;').replace('write_beside() (', 'write_unwatched() (')}
write_beside() {
  sim_input=$(mktemp "$SIM_CALLED.in.XXXXXXXXXX") && (unset SIM_CALLED; exec cat >"$sim_input") || return
  printf '%s\\0' "$#" "$sim_input" write_beside "$@" >>"$SIM_CALLED"
  write_unwatched "$@" <"$sim_input"
}`;
