import type { RunningCommand } from './running-command.ts';

export type OutputStream = 'stdout' | 'stderr';

/** The commands that the remote shell has now, in their order, and whose what is that arrives from it. */
export class Flight {
  #commands: readonly RunningCommand[];
  /** Process groups that were told to end: what a neighbour in one of them reports after that is not its own doing. */
  readonly #endedGroups = new Set<number>();

  constructor(commands: readonly RunningCommand[] = []) {
    this.#commands = commands;
  }

  get commands(): readonly RunningCommand[] {
    return this.#commands;
  }

  /** The command that runs, or that is next to start. */
  get head(): RunningCommand | undefined {
    return this.#commands[0];
  }

  remove(running: RunningCommand): void {
    this.#commands = this.#commands.filter((other) => other !== running);
  }

  groupIsEnding(group: number): void {
    this.#endedGroups.add(group);
  }

  /** Nothing is printed on standard output before a command has reported its start there. */
  output(stream: OutputStream, data: Buffer): void {
    const running = this.#commands.find(
      ({ stdoutEnded, stderrEnded }) => !(stream === 'stdout' ? stdoutEnded : stderrEnded),
    );
    if (stream === 'stderr') running?.stderr.push(data);
    else if (running?.started === true) running.stdout.push(data);
  }

  /**
   * `start INDEX GROUP`, or 0 where it has none; `end INDEX STATUS`, `skip INDEX`: takes it down, and gives the command
   * that it is about.
   */
  report(stream: OutputStream, [verb, index, value]: readonly string[]): RunningCommand | undefined {
    const running = this.#commands.find((command) => command.index === Number(index));
    if (running === undefined) return undefined;
    if (verb === 'start') {
      running.started = true;
      if (value !== '0') running.group = Number(value);
    } else if (stream === 'stderr') {
      running.stderrEnded = true;
    } else {
      running.stdoutEnded = true;
      if (verb === 'end' && !this.#isBystander(running)) running.status = Number(value);
    }
    return running;
  }

  #isBystander({ group, stopping }: RunningCommand): boolean {
    return stopping === undefined && group !== undefined && this.#endedGroups.has(group);
  }
}
