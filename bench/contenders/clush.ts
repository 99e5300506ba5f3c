import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, quote } from '../../src/values/shell.ts';
import type { Contender, Trial } from '../contender.ts';

const program = '/usr/bin/clush';

/** It reads its own options as templates. clush makes a connection for each command, unless OpenSSH shares them. */
export const clush: Contender = {
  name: 'clush',
  title: 'ClusterShell: a clush for each command, over connections that OpenSSH shares',
  version: () => spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.trim(),
  prepare: (trial) => ({
    argv: ['/bin/sh', script(trial)],
    after: () => {
      endMasters(trial);
    },
  }),
};

/** What a careful operator writes: one connection a host, then a command after the other on it. */
export const openssh: Contender = {
  name: 'openssh',
  title: 'a shell loop over OpenSSH: a shared connection for each host, then an ssh for each command',
  version: () => spawnSync('ssh', ['-V'], { encoding: 'utf8' }).stderr.trim(),
  prepare(trial) {
    const { hosts, forks, workload, directory } = trial;
    const list = join(directory, 'hosts');
    writeFileSync(list, hosts.addresses.map((address) => `${address}\n`).join(''));
    const each = [
      'set -e',
      `ssh ${options(trial)} "$1" true >/dev/null`,
      ...workload.commands.map((argv) => `ssh ${options(trial)} "$1" ${quote(commandLine(argv))} >/dev/null`),
      '',
    ].join('\n');
    const one = join(directory, 'one.sh');
    writeFileSync(one, each);
    const all = `xargs -P ${forks} -n 1 /bin/sh ${quote(one)} <${quote(list)}`;
    return {
      argv: ['/bin/sh', '-c', all],
      after: () => {
        endMasters(trial);
      },
    };
  },
};

/** Nothing of this machine's configuration; the host keys are checked as by the others. */
function options({ port, hosts, knownHostsFile, directory }: Trial): string {
  return [
    '-F none -o BatchMode=yes -o IdentitiesOnly=yes -o GlobalKnownHostsFile=none',
    `-o UserKnownHostsFile=${quote(knownHostsFile)} -o ControlMaster=auto -o ControlPersist=60 -o ControlPath=${quote(join(directory, 'm-%h'))}`,
    `-i ${quote(hosts.identityFile)} -p ${port} -l ${quote(hosts.user)}`,
  ].join(' ');
}

function script(trial: Trial): string {
  const { hosts, forks, workload, directory } = trial;
  const file = join(directory, 'clush.sh');
  const call = `${program} -q -S -b -f ${forks} -w ${hosts.addresses.join(',')} -o ${quote(options(trial).replaceAll('%', '%%'))}`;
  writeFileSync(
    file,
    [
      'set -e',
      ...workload.commands.map((argv) => `${call} ${quote(commandLine(argv))} >/dev/null </dev/null`),
      '',
    ].join('\n'),
  );
  return file;
}

function endMasters(trial: Trial): void {
  for (const address of trial.hosts.addresses)
    spawnSync(
      'ssh',
      ['-F', 'none', '-o', `ControlPath=${join(trial.directory, `m-${address}`)}`, '-O', 'exit', 'host'],
      {
        stdio: 'ignore',
      },
    );
}
