import { bracesIn, statementIn, type Braces } from '../from-ansible/braces.ts';
import { linesOf } from '../from-ansible/flow.ts';
import { fromJinja } from '../from-ansible/jinja.ts';
import type { Span } from '../yaml/source.ts';
import type { Path } from '../yaml/yaml.ts';
import { explained, firstOfEach, lacking, type Mistake } from './expression-mistakes.ts';
import { isExpression } from './expression.ts';
import type { Roots } from './roots.ts';

/** What a text holds of Ansible's templates, which would stay in it as they are. `taken` are the expressions in it. */
export function mistakenBraces(text: string, taken: readonly Span[], roots: Roots, path: Path): readonly Mistake[] {
  const pieces = bracesIn(text, taken).map((braces) => read(braces, roots));
  const statement = statementIn(text);
  const [first] = pieces;
  const mistakes: Mistake[] =
    statement === undefined
      ? []
      : [
          {
            span: statement,
            message:
              '"{% … %}" is Ansible\'s, and plimsoll has nothing of the kind: a step has when and loop, an expression has ? : and map()',
          },
        ];
  if (first === undefined) return mistakes;
  if (statement === undefined && pieces.every(({ cel }) => cel !== undefined)) {
    const written = replaced(text, pieces);
    const meant = pieces.length > 1 || written !== `\${{ ${first.cel ?? ''} }}`;
    const line =
      /pass|secret|token/i.test([...path, text].join(' ')) || text.length > 200
        ? `\${{ ${first.cel ?? ''} }}`
        : inPlace(written, path);
    return [
      {
        span: first,
        message: `Ansible's {{ }} is \${{ }}: write \`${line}\`${meant ? ' (braces that are to stay braces: ${{ "{{" }})' : ''}`,
      },
    ];
  }
  return firstOfEach([...mistakes, ...pieces.flatMap((piece) => piece.mistakes)]);
}

interface Piece extends Braces {
  readonly cel?: string;
  readonly mistakes: readonly Mistake[];
}

function read(braces: Braces, roots: Roots): Piece {
  const { cel, said, bare } = fromJinja(braces.inner, roots.names);
  const strange = bare.flatMap((name) => explained(name, roots));
  const inside = [...strange, ...lacking(said)].map(({ message }) => ({ span: braces, message }));
  if (inside.length === 0 && cel !== undefined && isExpression(cel, roots)) {
    const message = `Ansible's {{ }} is \${{ }}: write \`\${{ ${cel} }}\``;
    return { ...braces, cel, mistakes: [{ span: braces, message }] };
  }
  const message = 'Ansible\'s {{ }} is ${{ }}, with an expression in CEL: "${{ vars.name }}"';
  return { ...braces, mistakes: inside.length > 0 ? inside : [{ span: braces, message }] };
}

function replaced(text: string, pieces: readonly Piece[]): string {
  let from = 0;
  let result = '';
  for (const { start, end, cel = '' } of pieces) {
    result += `${text.slice(from, start)}\${{ ${cel} }}`;
    from = end;
  }
  return result + text.slice(from);
}

/** Behind its key, where it has one. */
function inPlace(text: string, path: Path): string {
  const key = path.at(-1);
  return typeof key === 'string' ? linesOf({ [key]: text }).join() : JSON.stringify(text);
}
