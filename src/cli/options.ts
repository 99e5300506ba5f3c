import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option, type OptionValues } from '@commander-js/extra-typings';
import { parseDuration } from '../config/model/duration.ts';
import type { InventoryOverrides } from '../config/inventory/inventory-layers.ts';
import type { OutputKind } from '../render/progress/choose.ts';
import type { Screen } from '../render/renderer.ts';

const defaultForks = 50;

/** The options of every command that reads a playbook and an inventory. */
export function playbookOptions(name: string) {
  return inventoryOptions(new Command(name))
    .option('-t, --tags <tags>', 'only the steps with one of these tags (a,b)', list)
    .option('--skip-tags <tags>', 'leave out the steps with one of these tags', list)
    .option('-e, --var <k=v>', 'set a variable; @FILE reads a YAML file; may be given again', collect, []);
}

/** The options of every command that works on hosts, be it only to read. */
export function runOptions<Args extends unknown[], Options extends OptionValues, Globals extends OptionValues>(
  command: Command<Args, Options, Globals>,
) {
  return command
    .option('-f, --forks <n>', 'hosts to work on at once', count, defaultForks)
    .addOption(outputOption())
    .addOption(recordsOption());
}

/** The option of every command that plans a playbook. */
export function programsOption() {
  return new Option(
    '--allow-read-only-programs',
    'run the programs that the playbook says only read (read_only, wait_for), to make the plan, after showing each of them; otherwise asks at a terminal, and ends with 2 where there is none',
  );
}

/** The options of every command that changes hosts. */
export function changeOptions<Args extends unknown[], Options extends OptionValues, Globals extends OptionValues>(
  command: Command<Args, Options, Globals>,
) {
  return runOptions(command)
    .option(
      '--lock-wait <duration>',
      'wait so long for a host that another run has (30s, 5m); not at all when absent',
      seconds,
    )
    .addOption(
      new Option(
        '--on-interrupt <what>',
        'what Ctrl-C does: detach leaves what has been begun to itself; stop ends at the next safe point; rollback takes everything back (default: asks at a terminal, stops otherwise)',
      ).choices(['detach', 'stop', 'rollback'] as const),
    );
}

export function inventoryOptions(command: Command) {
  return command
    .option(
      '-i, --inventory <file>',
      "the inventory: plimsoll's own, or Ansible's (a file, a directory, or names with commas); may be given again (default: inventory.yaml, or that of ansible.cfg)",
      collect,
      [],
    )
    .option(
      '--run-inventory',
      "have ansible-inventory, on this machine, read Ansible's inventories: for inventory scripts, plugins and encrypted files",
    )
    .option('-l, --limit <pattern>', 'only these of the hosts (pattern, or @FILE with names)')
    .option('--known-hosts <file>', 'use this known_hosts file instead of your own')
    .addOption(sshConfigOption())
    .option(
      '--no-secret-commands',
      'do not run programs on this machine to get secrets ({ command: [...] }): refuse the hosts that need one',
    )
    .addOption(identityOption())
    .option('--no-color', 'no colours')
    .option('-v, --verbose', 'each host’s own commands and output, and the stack of an error');
}

/** The option of every command that may have to open encrypted values. */
export function identityOption() {
  return new Option(
    '--identity <file>',
    'a file with keys of age that open encrypted values; may be given again (default: age_identities of the inventory)',
  )
    .argParser((file: string, before: readonly string[] | undefined) => [...(before ?? []), file])
    .env('PLIMSOLL_AGE_IDENTITY');
}

function sshConfigOption() {
  return new Option(
    '--ssh-config <file>',
    "read this file instead of your ssh configuration and the system's, as ssh -F does; none: neither",
  ).env('PLIMSOLL_SSH_CONFIG');
}

export function outputOption() {
  return new Option(
    '--output <kind>',
    'live: a window on the run; plain: lines; json: one event a line (default: live on a terminal, plain otherwise)',
  ).choices(['live', 'plain', 'json'] as const);
}

export function recordsOption() {
  return new Option(
    '--records <place>',
    'where versions of volumes and containers are recorded: file:DIRECTORY, etcd://HOST:PORT,… or etcds://HOST:PORT,… (default: $PLIMSOLL_RECORDS, or files beside the runs)',
  );
}

export interface OverrideOptions {
  readonly knownHosts?: string | undefined;
  readonly sshConfig?: string | undefined;
}

export function overridesOf({ knownHosts, sshConfig }: OverrideOptions): InventoryOverrides {
  return {
    ...(knownHosts === undefined ? {} : { known_hosts_file: fromHere(knownHosts) }),
    ...(sshConfig === undefined ? {} : { ssh_config: sshConfig === 'none' ? 'none' : fromHere(sshConfig) }),
  };
}

/** What the command line names is relative to where it was given, whatever the inventory's directory is. */
function fromHere(file: string): string {
  return file.startsWith('~') ? file : resolve(file);
}

export function outputKind(given: OutputKind | undefined, screen: Screen): OutputKind {
  return given ?? (screen.isTerminal ? 'live' : 'plain');
}

export function withColour(screen: Screen, colour: boolean): Screen {
  if (colour || !screen.colour) return screen;
  return {
    write: (text) => {
      screen.write(text);
    },
    isTerminal: screen.isTerminal,
    get columns() {
      return screen.columns;
    },
    get rows() {
      return screen.rows;
    },
    colour: false,
  };
}

function list(text: string): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

export function seconds(text: string): number {
  const value = parseDuration(text);
  if (value === undefined || value > 86_400)
    throw new InvalidArgumentError('a duration of at most a day is needed: 30s, 5m, 1h');
  return value;
}

export function count(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > 1000)
    throw new InvalidArgumentError('a whole number from 1 to 1000 is needed');
  return value;
}
