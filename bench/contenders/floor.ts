import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { commandLine } from '../../src/values/shell.ts';
import type { Contender } from '../contender.ts';

export const floor: Contender = {
  name: 'floor',
  title: 'a bare ssh2 program: all hosts at once, connect, one exec of one script with all the commands',
  version: () => `ssh2 ${packageVersion('ssh2')} on Node ${process.versions.node}`,
  prepare({ hosts, workload, port, knownHostsFile, directory }) {
    const file = join(directory, 'floor.json');
    const script = workload.commands.map(commandLine).join(' && ');
    writeFileSync(
      file,
      JSON.stringify({
        addresses: hosts.addresses,
        port,
        user: hosts.user,
        identityFile: hosts.identityFile,
        knownHostsFile,
        script,
      }),
    );
    return { argv: [process.execPath, new URL('./floor-client.mjs', import.meta.url).pathname, file] };
  },
};

const manifest = z.object({ version: z.string() });

export function packageVersion(name: string): string {
  return manifest.parse(
    JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'node_modules', name, 'package.json'), 'utf8')),
  ).version;
}
