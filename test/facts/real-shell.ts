import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import type { Entered } from '../../src/facts/host/entered-directory.ts';
import type { Fact, Printed } from '../../src/facts/fact.ts';

/** Runs a static script with positional parameters on this machine's own /bin/sh, as a host would. */
export function runScript(
  script: string,
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Printed {
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', script, 'sh', ...args], {
    encoding: 'utf8',
    input: '',
    env: { PATH: path, LC_ALL: 'C', ...environment },
  });
  return { status: status ?? -1, stdout, stderr };
}

export function readHere<Value>(fact: Fact<Value>, ...args: readonly string[]): Value {
  return fact.parse(runScript(fact.script, args), args);
}

/** A directory of this machine, and which one it is. */
export function asEntered(path: string): Entered {
  const { dev, ino } = statSync(path, { bigint: true });
  return { path, identity: `${String(dev)}:${String(ino)}` };
}
