import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import type { Change } from '../../src/operations/engine/change.ts';
import type { Operation, Planned } from '../../src/operations/engine/operation.ts';
import { compile } from '../../src/run/work/compile.ts';
import { commandLine } from '../../src/values/shell.ts';
import { runScript } from '../facts/real-shell.ts';
import { Answers } from './known.ts';
import { planLawfully } from './plan-lawfully.ts';

function laptopAnswer(path: string): unknown {
  try {
    const content = readFileSync(path);
    return { exists: true, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  } catch {
    return { exists: false, bytes: 0, sha256: '' };
  }
}

/** Another text for what a command says: nothing on this machine may touch its own state directory. */
export type Lead = (text: string) => string;

/** Leads what is kept on a host to a directory of the test's own. */
export function stateIn(directory: string): Lead {
  return (text) => text.replaceAll('/var/lib/plimsoll', directory);
}

const asItIs: Lead = (text) => text;

/** Reads what an operation needs with this machine's own shell, until it asks for nothing new. What is `known` is not read. */
export function knowHere<Want>(operation: Operation<Want>, want: Want, lead = asItIs, known = new Answers()): Answers {
  for (let round = 0; round < 8; round += 1) {
    const missing = operation.needs(want, known).filter((request) => !known.has(request));
    if (missing.length === 0) return known;
    for (const request of missing) {
      known.put(
        request,
        request.fact.name === 'laptop-file'
          ? laptopAnswer(request.args[0] ?? '')
          : request.fact.parse(runScript(lead(request.fact.script), request.args), request.args),
      );
    }
  }
  throw new Error(`${operation.name} asks for facts without end`);
}

export function planHere<Want>(operation: Operation<Want>, want: Want): Planned {
  return planLawfully(operation, want, knowHere(operation, want));
}

/**
 * Runs a change's commands, checks and small files on this machine, in order: a stand-in for the
 * interpreter, for the kinds that are commands. Throws when one fails.
 */
export function applyHere(actions: Change['actions'], lead = asItIs): void {
  const atEnd: (readonly string[])[] = [];
  try {
    for (const action of actions) {
      if (action.kind === 'write-file') {
        const { status, stderr } = runScript(lead(compile([action]).script));
        if (status !== 0) throw new Error(`${action.path}: ${stderr}`);
        continue;
      }
      if (action.kind !== 'exec') throw new Error(`${action.kind} is not a command`);
      const { status, stdout, stderr } = runArgv(action.argv.map(lead), lead(action.stdin ?? ''));
      if (!(action.success ?? [0]).includes(status)) {
        for (const argv of action.onFailure ?? []) runArgv(argv.map(lead));
        throw new Error(`${commandLine(action.argv)} ended with ${String(status)}: ${stdout}${stderr}`);
      }
      atEnd.unshift(...(action.atEnd ?? []));
      if (action.check === undefined) continue;
      const checked = runArgv(action.check.argv.map(lead)).stdout;
      if (checked.trim() !== action.check.equals) throw new Error(`check: ${checked}`);
    }
  } finally {
    for (const argv of atEnd) runArgv(argv.map(lead));
  }
}

function runArgv(
  [program = '', ...args]: readonly string[],
  stdin = '',
): { readonly status: number; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    input: stdin,
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
  return { status: status ?? -1, stdout, stderr };
}
