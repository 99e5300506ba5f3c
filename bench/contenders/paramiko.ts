import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../../src/values/shell.ts';
import { type Contender, reach } from '../contender.ts';
import { python } from '../requirements.ts';

export const paramiko: Contender = {
  name: 'paramiko',
  title: 'a threaded Python script: connect once, then one exec_command per command',
  version: () =>
    spawnSync(
      python,
      [
        '-c',
        'import paramiko, platform; print(f"paramiko {paramiko.__version__} on Python {platform.python_version()}")',
      ],
      { encoding: 'utf8' },
    ).stdout.trim(),
  prepare(trial) {
    const file = join(trial.directory, 'paramiko.json');
    const commands = trial.workload.commands.map(commandLine);
    writeFileSync(file, JSON.stringify({ ...reach(trial), threads: trial.forks, commands }));
    return { argv: [python, new URL('./paramiko-client.py', import.meta.url).pathname, file] };
  },
};
