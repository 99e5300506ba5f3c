import { Command } from '@commander-js/extra-typings';
import { AppError } from '../errors.ts';
import { inventoryOptions, changeOptions } from './options.ts';
import type { World } from './world.ts';

/** The options of every command that goes on with a run. Without -i its own inventory is read again. */
export function continueCommand(name: string) {
  return changeOptions(inventoryOptions(new Command(name))).option('-y, --yes', 'do not ask');
}

/** The question before anything is changed. */
export interface Confirmation {
  /** Throws where a question could not be asked: said before anything else is done. */
  ready(): void;
  ask(): Promise<boolean>;
}

/** Asks, unless the command line says yes; without a terminal there is nobody to be asked. */
export function confirmation(
  world: World,
  { yes }: { readonly yes?: true | undefined },
  question: string,
): Confirmation {
  return {
    ready() {
      if (yes !== true && !world.interactive)
        throw new AppError('usage', 'there is no terminal to ask at', { hint: 'give --yes' });
    },
    ask: async () => yes === true || /^y(es)?$/i.test((await world.ask(`${question} [y/N] `)).trim()),
  };
}

/** A preview is not followed by anything. */
export const neverAsked: Confirmation = { ready: () => undefined, ask: () => Promise.resolve(false) };
