import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import type { Change } from '../../src/operations/change.ts';
import type { Operation, Planned } from '../../src/operations/operation.ts';
import { runScript } from '../facts/real-shell.ts';
import { Answers } from './known.ts';

function laptopAnswer(path: string): unknown {
  try {
    const content = readFileSync(path);
    return { exists: true, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  } catch {
    return { exists: false, bytes: 0, sha256: '' };
  }
}

/** Reads what an operation needs with this machine's own shell, until it asks for nothing new. */
export function knowHere<Want>(operation: Operation<Want>, want: Want): Answers {
  const known = new Answers();
  for (let round = 0; round < 8; round += 1) {
    const missing = operation.needs(want, known).filter((request) => !known.has(request));
    if (missing.length === 0) return known;
    for (const request of missing) {
      known.put(request, request.fact.name === 'laptop-file' ? laptopAnswer(request.args[0] ?? '') : request.fact.parse(runScript(request.fact.script, request.args), request.args));
    }
  }
  throw new Error(`${operation.name} asks for facts without end`);
}

export function planHere<Want>(operation: Operation<Want>, want: Want): Planned {
  return operation.plan(want, knowHere(operation, want));
}

/**
 * Runs a change's commands and checks on this machine, in order: a stand-in for the interpreter, for
 * the kinds that are commands. Throws when one fails.
 */
export function applyHere(actions: Change['actions']): void {
  const atEnd: (readonly string[])[] = [];
  try {
    for (const action of actions) {
      if (action.kind !== 'exec') throw new Error(`${action.kind} is not a command`);
      const { status, stdout, stderr } = runArgv(action.argv, action.stdin);
      if (!(action.success ?? [0]).includes(status)) throw new Error(`${action.argv.join(' ')} ended with ${String(status)}: ${stdout}${stderr}`);
      atEnd.unshift(...(action.atEnd ?? []));
      if (action.check === undefined) continue;
      const checked = runArgv(action.check.argv).stdout;
      if (checked.trim() !== action.check.equals) throw new Error(`check: ${checked}`);
    }
  } finally {
    for (const argv of atEnd) runArgv(argv);
  }
}

function runArgv([program = '', ...args]: readonly string[], stdin = ''): { readonly status: number; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', input: stdin, env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' } });
  return { status: status ?? -1, stdout, stderr };
}
