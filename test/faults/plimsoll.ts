import { spawn } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limit } from '../../lab/pace.ts';
import type { Fleet } from '../../lab/sim/fleet.ts';
import type { JournalRecord } from '../../src/run/journal/journal.ts';
import { runner } from './build-runner.ts';

/** What the runner does to itself (test/faults/runner/runner.mjs). */
export type Fault =
  { readonly record: string } | { readonly killAt: string } | { readonly noRoomFrom: number; readonly slack: number };

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Both streams. */
  readonly printed: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
/** No run of a case takes longer by far. */
const patienceMs = limit(120_000);

/** `plimsoll COMMAND …` for a fleet as a process of its own, with a fault in it. The laptop's state is kept in the fleet's directory. */
export function plimsollWith(
  { directory }: Fleet,
  args: readonly string[],
  fault?: Fault,
  inventory = join(directory, 'inventory.yaml'),
): Promise<Ended> {
  const env = {
    ...process.env,
    XDG_STATE_HOME: join(directory, 'state'),
    HOME: directory,
    ...(fault === undefined ? {} : { PLIMSOLL_FAULT: JSON.stringify(fault) }),
  };
  const child = spawn(process.execPath, [runner, ...args, '-i', inventory], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: patienceMs,
    killSignal: 'SIGABRT',
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => {
      resolve({ code, signal, printed });
    });
  });
}

export function shown({ code, signal, printed }: Ended): string {
  return `${String(code ?? signal)}:\n${printed.split('\n').slice(-14).join('\n')}`;
}

const runsOf = ({ directory }: Fleet): string => join(directory, 'state/plimsoll/runs');

/** The id of the only run, once there is one. */
export async function onlyRun(fleet: Fleet): Promise<string | undefined> {
  return (await readdir(runsOf(fleet)).catch(() => []))[0];
}

/** The whole records of the only run: a last line that was cut off is none. */
export async function journalOf(fleet: Fleet): Promise<readonly JournalRecord[]> {
  const run = await onlyRun(fleet);
  if (run === undefined) return [];
  const text = await readFile(join(runsOf(fleet), run, 'journal.jsonl'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as JournalRecord];
    } catch {
      return [];
    }
  });
}
