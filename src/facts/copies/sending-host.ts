import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { type Address, address, crossing, type ServerCommand, serverCommand } from '../crossing.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** A host as the source of a copy that it pushes to another host. */
export interface SendingHost {
  /** Has ssh and ssh-keygen. */
  readonly ssh: boolean;
  /** The address that it reaches the other host from; undefined when there is no way, or no `ip`. */
  readonly address: Address | undefined;
  /** Where what is needed for the copy is kept while it is made. */
  readonly directory: string;
  /** That is there: a copy was cut, or goes on. */
  readonly left: boolean;
}

/** Arguments: the other host's address, the copy's name. */
export const sendingHost: Fact<SendingHost> = {
  name: 'sending-host',
  script: shell('facts/copies/sending-host.sh'),
  parse({ status, stdout, stderr }) {
    const lines = stdout.split('\n');
    const value = (name: string): string | undefined =>
      lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
    const [directory, from] = [value('directory'), value('address')];
    if (status !== 0 || directory === undefined)
      throw new AppError(
        'fact-unreadable',
        `what the host has for sending a copy could not be read: ${oneLine(stderr)}`,
      );
    return {
      ssh: lines.includes('ssh'),
      address:
        from === undefined ? undefined : crossing(address, from, 'the address that it reaches the other host from'),
      directory,
      left: lines.includes('left'),
    };
  },
};

/** What this host's rsync asks its other end to run: that is all that the other end has to allow. */
export const rsyncServerCommands: Fact<readonly ServerCommand[]> = {
  name: 'rsync-server-commands',
  script: shell('facts/copies/rsync-server-commands.sh'),
  parse({ stdout }, sets) {
    const lines = stdout.split('\n').filter((line) => line !== '');
    return sets.map((options, place) => {
      const line = lines[place] ?? '';
      const command = lines.length === sets.length ? serverCommand(line, options) : undefined;
      if (command === undefined)
        throw new AppError(
          'fact-unreadable',
          `rsync does not say as expected what it needs at its other end for ${options}: ${oneLine(line, 300)}`,
          { hint: 'which version of rsync is it? Please report what it prints' },
        );
      return command;
    });
  },
};

/** Argument: a directory. Another text whenever anything in it has been changed. */
export const treeState: Fact<string> = {
  name: 'tree-state',
  timeoutMs: 1_800_000,
  script: shell('facts/copies/sending.sh'),
  parse({ status, stdout, stderr }, [path = '']) {
    // As `$(…)` takes it, with which it is compared: of an empty directory it ends with a space.
    const state = stdout.replace(/\n+$/, '');
    if (status !== 0 || state === '')
      throw new AppError(
        'fact-unreadable',
        `when ${oneLine(path)} was changed last could not be read: ${oneLine(stderr)}`,
      );
    return state;
  },
};
