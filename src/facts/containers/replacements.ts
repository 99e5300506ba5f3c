import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { refuseOtherStateDirectory } from '../host/state-directory.ts';
import { shell } from '../../shell/shell.ts';

/**
 * How far the replacement of a container has come, as it was written down before each step:
 * `creating` nothing but a new container beside the old one; `stopping` the old one may be stopped, their names
 * exchanged, and the new one started, which Docker's own records tell (earlier versions wrote down `swapping` and
 * `starting` on the way); `undoing` it is being taken back; `done`, and both are kept until finalize.
 */
const steps = ['creating', 'stopping', 'swapping', 'starting', 'undoing', 'done'] as const;
export type ReplacementStep = (typeof steps)[number];

export interface Replacement {
  /** Ids of 64 digits. */
  readonly old: string;
  /** Undefined before it has been created, or before its id was written down. */
  readonly new: string | undefined;
  /** Of the container that is replaced, and of the one that replaces it in the end. */
  readonly name: string;
  /** The old one's restart policy, as `docker update --restart` takes it. */
  readonly restart: string;
  /** The old one ran when it was begun. */
  readonly wasRunning: boolean;
  readonly step: ReplacementStep;
}

/** Replacements that are under way (`$PLIMSOLL_STATE/replacing`), or done and not finalized (`…/replaced`). */
export const replacements: Fact<readonly Replacement[]> = {
  name: 'replacements',
  script: shell('facts/containers/replacements.sh'),
  parse({ status, stdout, stderr }) {
    refuseOtherStateDirectory({ status, stdout });
    const lines = stdout.split('\n');
    if (status !== 0 || lines.at(-2) !== 'end') throw unreadable(stderr === '' ? stdout : stderr);
    return stdout.split(/^old /m).slice(1).map(parseReplacement);
  },
};

function parseReplacement(text: string): Replacement {
  const [old = '', ...lines] = text.split('\n');
  const fields = new Map(lines.map((line) => [line.replace(/ .*$/, ''), line.replace(/^\S+ ?/, '')]));
  const step = steps.find((candidate) => candidate === fields.get('step'));
  const name = fields.get('name');
  const restart = fields.get('restart');
  const fresh = fields.get('new');
  const was = fields.get('was');
  if (
    !/^[0-9a-f]{64}$/.test(old) ||
    step === undefined ||
    name === undefined ||
    restart === undefined ||
    was === undefined
  )
    throw unreadable(text);
  return {
    old,
    new: fresh === undefined || fresh === '' ? undefined : fresh,
    name,
    restart,
    wasRunning: was === 'running',
    step,
  };
}

function unreadable(why: string): AppError {
  return new AppError('fact-unreadable', `it cannot be told whether a container is being replaced: ${oneLine(why)}`, {
    hint: 'look at /var/lib/plimsoll/replacing and /var/lib/plimsoll/replaced on the host',
  });
}
