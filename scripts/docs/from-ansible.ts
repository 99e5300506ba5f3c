import { parsePlaybook } from '../../src/config/playbook/playbook.ts';
import { modules } from '../../src/config/from-ansible/answers.ts';
import { linesOf } from '../../src/config/from-ansible/flow.ts';
import { filters, magicNames, registerKeys, tests } from '../../src/config/from-ansible/jinja-words.ts';
import { playWords } from '../../src/config/from-ansible/play-words.ts';
import { stepWords } from '../../src/config/from-ansible/step-words.ts';
import type { Words } from '../../src/config/from-ansible/word.ts';
import { operations } from '../../src/operations/registry.ts';

/** Where a line of the table stands in a playbook. */
const around = {
  play: (line: string) =>
    `hosts: all\n${line}\n${line.startsWith('tasks') ? '' : 'steps: [{ pause: { seconds: 1 } }]\n'}`,
  step: (line: string) => `${head}  - pause: { seconds: 1 }\n    ${line}\n`,
  module: (line: string) => `${head}  - ${line}\n`,
} as const;
const head =
  'hosts: all\nvars: { a: 1, b: 1, x: 1 }\nsteps:\n  - command: [docker, ps]\n    read_only: true\n    register: result\n';
export type Where = keyof typeof around;

/** What the loader says of a line in its place, as in the table. */
export function saidOf(where: Where, line: string): string {
  const { issues } = parsePlaybook('playbook.yaml', around[where](line), operations);
  return issues.map(({ message }) => message.replace(/^(?:"[^"]+" is Ansible's|expression|\w+): /, '')).join('; ');
}

/** The headings of the tables, with where their lines stand. */
export const parts: Readonly<Record<string, Where>> = {
  'Of a play': 'play',
  'Of a task': 'step',
  Modules: 'module',
  Expressions: 'step',
};

const examplesOf = (words: Words): readonly string[] =>
  Object.entries(words).map(([word, { example }]) => linesOf({ [word]: example }).join());

const operators = [
  'a and b',
  'a or b',
  'not a',
  'a is defined',
  'a is not defined',
  'a not in [1, 2]',
  'a | default(true)',
  'a == True',
  'true if a else false',
  'a ~ b == "12"',
  '{{ a }}',
];

function lines(part: string): readonly string[] {
  switch (part) {
    case 'Of a play':
      return examplesOf(playWords);
    case 'Of a task':
      return examplesOf(stepWords);
    case 'Modules':
      return examplesOf(modules);
    default:
      return [
        ...operators,
        ...Object.keys(magicNames).map((name) => `${name} == x`),
        ...Object.keys(registerKeys).map((key) => `result.${key} == 0`),
        ...Object.keys(tests).map((test) => `result is ${test}`),
        ...Object.keys(filters).map((filter) => `x | ${filter}${filter === 'split' ? '(",")' : ''} == b`),
      ].map((expression) => linesOf({ when: expression }).join());
  }
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export function fromAnsiblePage(): string {
  const tables = Object.entries(parts).map(([part, where]) => {
    const rows = lines(part).map((line) => {
      const said = saidOf(where, line);
      if (said === '') throw new Error(`the loader says nothing of ${line}`);
      return `| \`${cell(line)}\` | ${cell(said)} |`;
    });
    return [`## ${part}`, '', '| Ansible | plimsoll |', '|---|---|', ...rows].join('\n');
  });
  return `${[intro, ...tables].join('\n\n')}\n`;
}

const intro = `<!-- Written by \`npm run docs\` out of src/config/from-ansible: change the words there, and not this. -->

# Coming from Ansible

Inventories are [read as they are](inventories.md). A playbook is written anew: plimsoll has operations in place of
modules, and expressions in [CEL](https://cel.dev) in place of Jinja. Nothing needs to be learnt by heart for that:
\`plimsoll validate FILE\` takes a playbook of Ansible's, and says of each of its words what is written here, all at once, with
the place and the line. What it says is in these tables, for one value of each word.

The same in both: \`name\`, \`hosts\`, \`vars\`, \`tags\`, \`any_errors_fatal\`, \`become: true\`; of a step \`when\`, \`register\`, \`loop\`,
\`retries\`, \`delay\`, \`until\`, \`timeout\`; and \`block\`, \`rescue\`, \`always\`. The tags \`always\` and \`never\` mean nothing by themselves here.

- **Variables** are read with \`vars.\`, and what a host is called is \`host.name\`: \`\${{ vars.x }}\`, \`when: vars.x == 1\`.
- **Braces** without \`$\` are Ansible's, and refused; Go's templates, as \`docker ps --format\` takes them, are not touched. Braces
  that are to stay as they are: \`\${{ "{{" }}\`.
- **YAML** is 1.2: \`yes\` is a text, and \`0644\` the number 644.
- **A module by its whole name** (\`ansible.builtin.shell\`) is answered as by its short one.
- **\`script\`** is the text of a shell script here, and no file that is copied to the host.`;
