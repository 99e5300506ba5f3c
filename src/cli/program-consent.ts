import { AppError } from '../errors.ts';
import { paint } from '../render/line.ts';
import { programsView } from '../render/plan/programs-view.ts';
import { count } from '../render/words.ts';
import type { ReadProgram } from '../run/planning/read-programs.ts';
import type { World } from './world.ts';

/** What the command line says about programs of the playbook that planning runs. */
export interface ProgramConsent {
  readonly allowReadOnlyPrograms?: true | undefined;
  /** Whoever approves a plan that he has not seen approves what leads to it. */
  readonly yes?: true | undefined;
}

const shownNames = 3;

/**
 * Shows each such program, whole, and asks about all of them once; before anything is connected to. On standard error,
 * so that the output stays what was asked for. Errors: `usage` where there is nobody to be asked, `interrupted` after a no.
 */
export async function consentToPrograms(
  world: World,
  programs: readonly ReadProgram[],
  { allowReadOnlyPrograms, yes }: ProgramConsent,
): Promise<void> {
  if (programs.length === 0) return;
  const { err, interactive } = world;
  err.write(paint(programsView(programs), err.colour));
  if (allowReadOnlyPrograms === true || yes === true) return;
  if (!interactive) {
    const places = programs
      .slice(0, shownNames)
      .map(({ step, where }) => `"${step}" (${where})`)
      .join(', ');
    throw new AppError(
      'usage',
      `to make the plan, ${count(programs.length, 'program')} of the playbook would be run on the hosts, and there is no terminal to ask at: ${places}${programs.length > shownNames ? ', …' : ''}`,
      {
        hint: 'read what is shown above; then give --allow-read-only-programs, or leave those steps out with --skip-tags',
      },
    );
  }
  const hosts = new Set(programs.flatMap((program) => program.hosts)).size;
  const answer = await world.ask(
    `Run ${programs.length === 1 ? 'this program' : `these ${String(programs.length)} programs`} on ${count(hosts, 'host')}, to make the plan? [y/N] `,
  );
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new AppError(
      'interrupted',
      'the programs were not approved, so nothing was connected to and nothing was run',
      {
        hint: 'leave those steps out with --skip-tags, or take read_only: true from them: they are then shown as what is to be run',
      },
    );
}
