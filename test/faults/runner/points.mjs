// Counts the points at which the laptop can vanish, and lets it vanish at one of them.
import { createHash } from 'node:crypto';
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Names of runs and of temporary directories differ from run to run; points must not. */
const steady = (text) => text.replaceAll(/\d{8}-\d{6}-[0-9a-f]{6}/g, 'RUN').replaceAll(/plimsoll-sim-\w+/g, 'SIM');

export class Points {
  #killAt;
  #counts = new Map();
  /** From the first record of the journal on: before it nothing can be lost. */
  #begun = false;
  #turn;
  passed = [];

  constructor({ killAt }) {
    this.#killAt = killAt;
  }

  journal(journal, stateDirectory) {
    this.#begun = true;
    return {
      append: async (record) => {
        const name = this.#name(`journal ${record.type}`);
        this.#pass(`before ${name}`);
        this.#pass(`half of ${name}`, () => {
          tear(stateDirectory, record);
        });
        await journal.append(record);
        this.#pass(`after ${name}`);
      },
      close: () => journal.close(),
    };
  }

  transport(transport) {
    return {
      connect: async (target, signal) => this.#connection(await transport.connect(target, signal)),
      close: () => transport.close(),
    };
  }

  #connection(connection) {
    const around = (what, script, work) => this.#around(what, script, work);
    return {
      info: connection.info,
      closed: connection.closed,
      run: (command, options) => around('run', command.script, () => connection.run(command, options)),
      stream: (command, io, options) => around('stream', command.script, () => connection.stream(command, io, options)),
      lock: (holder, options) => around('lock', '', () => connection.lock(holder, options)),
      unlock: () => around('unlock', '', () => connection.unlock()),
      close: () => connection.close(),
    };
  }

  /** Commands of one turn travel together: they are one point. */
  async #around(what, script, work) {
    if (!this.#begun || this.#turn !== undefined) return work();
    this.#turn = setImmediate(() => {
      this.#turn = undefined;
    });
    // What only reads facts of the host changes neither it nor the journal.
    const kind = what === 'run' && !script.includes('PLIMSOLL_STATE') ? 'facts' : what;
    const name = this.#name(
      script === ''
        ? what
        : `${kind} ${createHash('sha256').update(steady(script)).digest('hex').slice(0, 6)} (${firstWords(script)})`,
    );
    this.#pass(`before ${name}`);
    const answer = work();
    // It leaves in the next turn; then it is on its way, and nobody waits for the answer any more.
    if (this.#killAt === `sent ${name}`)
      setTimeout(() => {
        this.#pass(`sent ${name}`);
      }, 15);
    else this.#pass(`sent ${name}`);
    const result = await answer;
    this.#pass(`after ${name}`);
    return result;
  }

  #name(what) {
    const count = (this.#counts.get(what) ?? 0) + 1;
    this.#counts.set(what, count);
    return `${what} #${String(count)}`;
  }

  #pass(point, first) {
    this.passed.push(point);
    if (this.#killAt !== point) return;
    first?.();
    process.kill(process.pid, 'SIGKILL');
  }
}

function firstWords(script) {
  const line =
    script
      .split('\n')
      .map((each) => each.trim())
      .find((each) => each !== '' && !/^(set |trap |#)/.test(each)) ?? '';
  return steady(line).slice(0, 40);
}

/** What a power failure in the middle of a write leaves behind. */
function tear(stateDirectory, record) {
  const line = JSON.stringify(record);
  const runs = join(stateDirectory, 'runs');
  for (const run of readdirSync(runs)) appendFileSync(join(runs, run, 'journal.jsonl'), line.slice(0, line.length / 2));
}
