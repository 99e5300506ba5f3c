import type { ReadProgram } from '../../run/planning/read-programs.ts';
import type { Json } from '../../values/json.ts';
import { isObject, visibleJson } from '../../values/json.ts';
import { describeAction } from './describe-action.ts';
import { foldNames } from '../fold-names.ts';
import { type Line, line } from '../line.ts';
import { noPlaceholders } from './placeholders.ts';

/** The programs that making a plan runs, each whole: whoever is asked about them has seen all of them. */
export function programsView(programs: readonly ReadProgram[]): readonly Line[] {
  return [
    line(
      'To make the plan, these programs of the playbook are run on the hosts; that they change nothing is what the playbook says:',
      'caution',
    ),
    ...programs.flatMap(({ step, operation, where, hosts, text }) => [
      line(`  ${foldNames(hosts)}: ${step === operation ? '' : `${step} `}[${operation}] (${where})`, 'strong'),
      ...('action' in text
        ? describeAction(text.action, { names: noPlaceholders, whole: true })
        : ['# as the playbook has it: what ${{ }} stands for is known only then', ...asWritten(text.written)]
      ).map((one) => line(`    ${one}`)),
    ]),
  ];
}

/** A text line by line, with what it is called; everything else as JSON. */
function asWritten(written: Json): readonly string[] {
  if (isObject(written))
    return Object.entries(written).flatMap(([key, value]) =>
      typeof value === 'string' && value.includes('\n')
        ? [`${visibleJson(key)}:`, ...textLines(value)]
        : [`${visibleJson(key)}: ${visibleJson(value)}`],
    );
  return typeof written === 'string' ? textLines(written) : [visibleJson(written)];
}

function textLines(text: string): readonly string[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((one) => `< ${one}`);
}
