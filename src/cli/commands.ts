import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { World } from './world.ts';

type Make = (world: World, end: (exitCode: number) => void) => CommandUnknownOpts;

/** What the help of the program itself says of a command, and where the command is, which is loaded only when it is called. */
export interface ListedCommand {
  /** What may follow its name, as the usage of the command itself says it. */
  readonly usage: string;
  readonly description: string;
  readonly load: () => Promise<Make>;
}

/** All commands, in the order of the help. */
export const commands: ReadonlyMap<string, ListedCommand> = new Map(
  Object.entries({
    plan: {
      usage: '[options] <playbook>',
      description: 'Show what a playbook would do, from the live state of every host',
      load: async () => (await import('./commands/plan.ts')).planCommand,
    },
    apply: {
      usage: '[options] <playbook>',
      description: 'Show the preview, ask, and carry it out on every host',
      load: async () => (await import('./commands/apply.ts')).applyCommand,
    },
    resume: {
      usage: '[options] [run]',
      description: 'Go on with a run: its failed, interrupted, unreachable and never-started hosts',
      load: async () => (await import('./commands/resume.ts')).resumeCommand,
    },
    rollback: {
      usage: '[options] <run>',
      description:
        'Take back what a run has changed, newest first, and verify it; says beforehand what cannot be undone',
      load: async () => (await import('./commands/rollback.ts')).rollbackCommand,
    },
    finalize: {
      usage: '[options] <run>',
      description:
        'Remove from the hosts what a run has kept for its rollback; afterwards it cannot be undone any more',
      load: async () => (await import('./commands/finalize.ts')).finalizeCommand,
    },
    runs: {
      usage: '[options] [run]',
      description: 'List the runs that this machine has made, or show one of them; connects to nothing',
      load: async () => (await import('./commands/runs.ts')).runsCommand,
    },
    history: {
      usage: '[options] <kind> <name>',
      description: 'Show the recorded versions of a volume or a container, the newest first; connects to no host',
      load: async () => (await import('./commands/history.ts')).historyCommand,
    },
    'restore-version': {
      usage: '[options] <kind> <name> <version>',
      description:
        'Go back to a recorded version of a volume (its size) or a container (its specification), by a step of its own',
      load: async () => (await import('./commands/restore-version.ts')).restoreVersionCommand,
    },
    records: {
      usage: '',
      description: 'Put the recorded versions of volumes and containers in order',
      load: async () => (await import('./commands/records.ts')).recordsCommand,
    },
    scaled: {
      usage: '',
      description: 'Scaled volumes: one template, and an instance on each host that asks for one',
      load: async () => (await import('./commands/scaled.ts')).scaledCommand,
    },
    exec: {
      usage: '[options] <pattern> <command...>',
      description:
        'Run one command on hosts, and show equal output once; no preview, no journal, nothing to undo it with',
      load: async () => (await import('./commands/exec.ts')).execCommand,
    },
    ping: {
      usage: '[options] [pattern]',
      description: 'Connect to hosts, become root as the inventory says, and report; changes nothing',
      load: async () => (await import('./commands/ping.ts')).pingCommand,
    },
    trust: {
      usage: '[options] [pattern]',
      description: 'Show the host keys of all hosts, and write those that you trust to known_hosts',
      load: async () => (await import('./commands/trust.ts')).trustCommand,
    },
    survey: {
      usage: '[options] [pattern]',
      description:
        'Show how full the Docker storage of all hosts is, whether a restart would undo a size, and when it is full; changes nothing',
      load: async () => (await import('./commands/survey.ts')).surveyCommand,
    },
    validate: {
      usage: '[options] <playbook...>',
      description: 'Check playbooks, and with -i the inventory and both together; connects to nothing',
      load: async () => (await import('./commands/validate.ts')).validateCommand,
    },
    inventory: {
      usage: '[options] [pattern]',
      description: 'List the hosts of the inventory with their addresses and groups; connects to nothing',
      load: async () => (await import('./commands/inventory.ts')).inventoryCommand,
    },
    sudoers: {
      usage: '[options] <playbook>',
      description: 'Print the rules of sudoers that the hosts of a playbook need for it; connects to nothing',
      load: async () => (await import('./commands/sudoers.ts')).sudoersCommand,
    },
    secret: {
      usage: '',
      description: 'Values that are encrypted where they stand, in inventories and playbooks that are kept in git',
      load: async () => (await import('./commands/secret.ts')).secretCommand,
    },
    schema: {
      usage: '<kind>',
      description: 'Print the JSON Schema of inventories or playbooks, for editors',
      load: async () => (await import('./commands/schema.ts')).schemaCommand,
    },
  } satisfies Record<string, ListedCommand>),
);
