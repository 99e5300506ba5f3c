import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine } from '../../src/values/shell.ts';
import type { Contender, Invocation, Trial } from '../contender.ts';
import { hostName } from '../contender.ts';
import { python } from '../requirements.ts';

/** As Debian's package has it, whatever else PATH may have. */
const program = '/usr/bin/ansible';

/** `command` is what playbooks use; `raw` needs no Python on the hosts and is the least Ansible can do. */
export const ansible: Contender = {
  name: 'ansible',
  title: 'ansible-playbook with pipelining, no fact gathering, a command task per command',
  version,
  prepare: (trial) => prepare(trial, commandTask),
};

const strategies = '/usr/lib/python3/dist-packages/ansible_mitogen/plugins/strategy';

export const mitogen: Contender = {
  name: 'mitogen',
  title: 'the same with the strategy of Mitogen',
  version: () =>
    `${version()}, Mitogen ${spawnSync(python, ['-c', 'import mitogen; print(".".join(map(str, mitogen.__version__)))'], { encoding: 'utf8' }).stdout.trim()}`,
  prepare: (trial) => prepare(trial, commandTask, [`strategy_plugins = ${strategies}`, 'strategy = mitogen_linear']),
};

export const ansibleRaw: Contender = {
  name: 'ansible-raw',
  title: 'the same with raw tasks',
  version,
  prepare: (trial) => prepare(trial, (argv) => ({ raw: literal(commandLine(argv)) })),
};

function commandTask(argv: readonly string[]): Readonly<Record<string, unknown>> {
  return { command: { argv: argv.map(literal) } };
}

function version(): string {
  const [line = ''] = spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout.split('\n');
  return line.trim();
}

/** Go templates and Ansible's own look alike. */
function literal(text: string): string {
  return text.includes('{{') ? `{% raw %}${text}{% endraw %}` : text;
}

function prepare(
  { hosts, workload, port, knownHostsFile, forks, directory }: Trial,
  task: (argv: readonly string[]) => Readonly<Record<string, unknown>>,
  defaults: readonly string[] = [],
): Invocation {
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const sockets = join(directory, 'cp');
  mkdirSync(sockets, { mode: 0o700 });
  const inventory = file(
    'inventory.ini',
    [
      '[all]',
      ...hosts.addresses.map((address, index) => `${hostName(index)} ansible_host=${address}`),
      '[all:vars]',
      `ansible_port=${port}`,
      `ansible_user=${hosts.user}`,
      `ansible_ssh_private_key_file=${hosts.identityFile}`,
      `ansible_python_interpreter=${python}`,
      '',
    ].join('\n'),
  );
  const playbook = file(
    'playbook.yaml',
    JSON.stringify([
      {
        hosts: 'all',
        gather_facts: false,
        tasks: workload.commands.map((argv) => ({ ...task(argv), changed_when: false })),
      },
    ]),
  );
  // Ansible's own ssh_args, and nothing of this machine's configuration; the host keys are checked as by the others.
  const config = file(
    'ansible.cfg',
    [
      '[defaults]',
      `forks = ${forks}`,
      'host_key_checking = True',
      'timeout = 120',
      ...defaults,
      '[ssh_connection]',
      'pipelining = True',
      `ssh_args = -F none -C -o ControlMaster=auto -o ControlPersist=60s -o IdentitiesOnly=yes -o GlobalKnownHostsFile=none -o UserKnownHostsFile=${knownHostsFile}`,
      `control_path_dir = ${sockets}`,
      '',
    ].join('\n'),
  );
  return {
    argv: [`${program}-playbook`, '-i', inventory, playbook],
    env: { ANSIBLE_CONFIG: config, ANSIBLE_LOCAL_TEMP: join(directory, 'tmp') },
    after: () => {
      endMasters(sockets);
    },
  };
}

/** ControlPersist would hand the next round connections that are already made. */
function endMasters(sockets: string): void {
  if (!existsSync(sockets)) return;
  for (const name of readdirSync(sockets))
    spawnSync('ssh', ['-F', 'none', '-o', `ControlPath=${join(sockets, name)}`, '-O', 'exit', 'host'], {
      stdio: 'ignore',
    });
}
