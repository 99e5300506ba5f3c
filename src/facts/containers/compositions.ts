import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { ContainerSpec } from './container-spec.ts';
import { containerSpec } from './container-spec.ts';
import type { Fact, FactRequest } from '../fact.ts';
import { ask } from '../fact.ts';
import { refuseOtherStateDirectory } from '../host/state-directory.ts';
import { shell } from '../../shell/shell.ts';

/**
 * How far Compose has come in making a container anew, as it was written down before each step: `making` the override
 * may have been written and Compose may have acted; `back` it is being made as it was; `done`.
 */
const steps = ['making', 'back', 'done'] as const;

export interface Composition {
  /** The id of the container that there was. Compose removes it. */
  readonly old: string;
  /** Known once it is done. */
  readonly new: string | undefined;
  readonly name: string;
  readonly project: string;
  readonly service: string;
  readonly step: (typeof steps)[number];
}

/** What is under way (`$PLIMSOLL_STATE/composing`), or done and not finalized (`…/composed`). */
export const compositions: Fact<readonly Composition[]> = {
  name: 'compositions',
  script: shell('facts/containers/compositions.sh'),
  parse({ status, stdout, stderr }) {
    refuseOtherStateDirectory({ status, stdout });
    if (status !== 0 || stdout.split('\n').at(-2) !== 'end') throw unreadable(stderr === '' ? stdout : stderr);
    return stdout.split(/^old /m).slice(1).map(parseComposition);
  },
};

function parseComposition(text: string): Composition {
  const [old = '', ...lines] = text.split('\n');
  const fields = new Map(lines.map((line) => [line.replace(/ .*$/, ''), line.replace(/^\S+ ?/, '')]));
  const step = steps.find((candidate) => candidate === fields.get('step'));
  const [name, project, service, fresh] = ['name', 'project', 'service', 'new'].map((key) => fields.get(key));
  if (
    !/^[0-9a-f]{64}$/.test(old) ||
    step === undefined ||
    name === undefined ||
    project === undefined ||
    service === undefined
  )
    throw unreadable(text);
  return { old, name, project, service, step, new: fresh === undefined || fresh === '' ? undefined : fresh };
}

function unreadable(why: string): AppError {
  return new AppError(
    'fact-unreadable',
    `it cannot be told whether Compose is making a container anew: ${oneLine(why)}`,
    { hint: 'look at /var/lib/plimsoll/composing and /var/lib/plimsoll/composed on the host' },
  );
}

/** The container that there was, as it was described before anything was done about it. Argument: its id. */
const composedSpec: Fact<ContainerSpec> = {
  name: 'composed-spec',
  script: shell('facts/containers/composition.sh'),
  parse: (printed, args) => containerSpec.parse(printed, args),
};

export function askComposedSpec(id: string): FactRequest<ContainerSpec> {
  return ask(composedSpec, id);
}
