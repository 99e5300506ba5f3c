import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { commandLine } from '../../src/values/shell.ts';
import { type Contender, reach } from '../contender.ts';

export const floor = bare(
  'floor',
  'a bare ssh2 program: all hosts at once, connect, one exec of one script with all the commands',
  (lines) => [lines.join(' && ')],
);

/** What depends on the answer to the command before cannot be sent with it. */
export const stages = bare(
  'stages',
  'the same program: connect, then an exec for each command, each sent when the one before has ended',
  (lines) => lines,
);

function bare(name: string, title: string, scriptsOf: (lines: readonly string[]) => readonly string[]): Contender {
  return {
    name,
    title,
    version: () => `ssh2 ${packageVersion('ssh2')} on Node ${process.versions.node}`,
    prepare(trial) {
      const file = join(trial.directory, `${name}.json`);
      const scripts = scriptsOf(trial.workload.commands.map(commandLine));
      writeFileSync(file, JSON.stringify({ ...reach(trial), scripts }));
      return { argv: [process.execPath, new URL('./floor-client.mjs', import.meta.url).pathname, file] };
    },
  };
}

const manifest = z.object({ version: z.string() });

export function packageVersion(name: string): string {
  return manifest.parse(
    JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'node_modules', name, 'package.json'), 'utf8')),
  ).version;
}
