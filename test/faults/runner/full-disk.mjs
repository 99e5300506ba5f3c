// Lets the disk be full from one append of the journal on: the kernel itself refuses to make files longer.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export class FullDisk {
  #from;
  #slack;
  #appended = 0;

  constructor({ noRoomFrom, slack = 0 }) {
    this.#from = noRoomFrom;
    this.#slack = slack;
    // Without a listener the signal that comes with the refusal would end the process.
    if (noRoomFrom !== undefined) process.on('SIGXFSZ', () => undefined);
  }

  journal(journal, stateDirectory) {
    return {
      append: (record) => {
        this.#appended += 1;
        if (this.#appended === this.#from) this.#fill(stateDirectory);
        return journal.append(record);
      },
      close: () => journal.close(),
    };
  }

  #fill(stateDirectory) {
    const runs = join(stateDirectory, 'runs');
    const size = Math.max(0, ...readdirSync(runs).map((run) => statSync(join(runs, run, 'journal.jsonl')).size));
    execFileSync('prlimit', [
      '--pid',
      String(process.pid),
      `--fsize=${String(size + this.#slack)}:${String(size + this.#slack)}`,
    ]);
  }
}
