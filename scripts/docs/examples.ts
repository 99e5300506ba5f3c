import { readdir, readFile } from 'node:fs/promises';
import { parsePlaybook } from '../../src/config/playbook/playbook.ts';
import { operations } from '../../src/operations/registry.ts';

/** A step of a playbook that is shipped, as it stands there. */
export interface Example {
  /** The playbook, below `playbooks/`. */
  readonly file: string;
  readonly text: string;
}

const folder = new URL('../../playbooks/', import.meta.url);

/** The steps of all playbooks that are shipped, by the operation that they use; one for each playbook. */
export async function shippedExamples(): Promise<ReadonlyMap<string, readonly Example[]>> {
  const found = new Map<string, readonly Example[]>();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.yaml')).toSorted()) {
    const text = await readFile(new URL(file, folder), 'utf8');
    const { value, issues } = parsePlaybook(`playbooks/${file}`, text, operations);
    if (value === undefined)
      throw new Error(`playbooks/${file} is not valid: ${issues.map(({ message }) => message).join('; ')}`);
    for (const { operation, place } of value.plays.flatMap(({ steps }) => steps)) {
      const before = found.get(operation) ?? [];
      if (!before.some((example) => example.file === file))
        found.set(operation, [...before, { file, text: itemAt(text, place.line) }]);
    }
  }
  return found;
}

/** The item of a list that begins in this line, without its indentation, and without comments on what follows. */
function itemAt(text: string, line: number): string {
  const [first = '', ...rest] = text.split('\n').slice(line - 1);
  const indentation = first.search(/\S/);
  const end = rest.findIndex((each) => each.trim() !== '' && each.search(/\S/) <= indentation);
  const lines = [first, ...(end === -1 ? rest : rest.slice(0, end))];
  const last = lines.findLastIndex((each) => !/^\s*(#|$)/.test(each));
  return lines
    .slice(0, last + 1)
    .map((each) => each.slice(indentation))
    .join('\n');
}
