import { Command } from '@commander-js/extra-typings';
import { paint } from '../../render/line.ts';
import { pingLine, pingLines } from '../../render/answers.ts';
import { count, inventoryOptions, withColour } from '../options.ts';
import { askSelected } from '../asking/ask-selected.ts';
import type { World } from '../world.ts';

const examples = `
Examples:
  plimsoll ping
  plimsoll ping 'web:!web-03'
  plimsoll ping -v

Hosts that answer alike are one line, and those that do not stand under what hinders them. -v has a line for each host, as
soon as it has answered.`;

export function pingCommand(world: World, end: (exitCode: number) => void) {
  return inventoryOptions(new Command('ping'))
    .argument('[pattern]', 'only these hosts', 'all')
    .option('-f, --forks <n>', 'hosts to connect to at once', count, 50)
    .addHelpText('after', examples)
    .action(async (pattern, options) => {
      const { colour } = withColour(world.out, options.color);
      const { answers, exitCode } = await askSelected(world, options, {
        pattern,
        command: { script: ':', repeatable: true },
        done: 'have answered',
        ...(options.verbose === true && {
          answered: (answer) => {
            world.out.write(paint(pingLine(answer), colour));
          },
        }),
      });
      if (options.verbose !== true) world.out.write(paint(pingLines(answers), colour));
      end(exitCode);
    });
}
