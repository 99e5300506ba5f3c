import { ParseError, TypeError as CelTypeError } from '@marcbachmann/cel-js';
import { unique } from '../../values/unique.ts';
import { closest, didYouMean } from '../model/closest.ts';
import { fromJinja } from '../from-ansible/jinja.ts';
import { ofMagic } from '../from-ansible/jinja-operands.ts';
import type { Said } from '../from-ansible/jinja-reader.ts';
import { registerKeys } from '../from-ansible/jinja-words.ts';
import type { Span } from '../yaml/source.ts';
import type { ExpressionAccess } from './expression-access.ts';
import type { Roots } from './roots.ts';

export interface Mistake {
  readonly span: Span;
  readonly message: string;
}

/** How an expression is tried, and how it stands in its file. */
export interface Writing {
  /** Whether it is one that can be read here. */
  readonly compiles: (text: string) => boolean;
  /** The line, or the text, that it is a part of. */
  readonly written: (text: string) => string;
}

/** Why a text is no expression: what in it is Ansible's, with the line as it would be written; otherwise what the parser says. */
export function mistakesOf(thrown: unknown, text: string, roots: Roots, writing: Writing): readonly Mistake[] {
  if (!(thrown instanceof ParseError || thrown instanceof CelTypeError)) throw thrown;
  const { cel, said, bare } = fromJinja(text, roots.names);
  // A name that is known elsewhere, or nearly known, is none of a variable.
  const strange = bare.flatMap((name) => explained(name, roots));
  const sure = strange.length === 0 && cel !== undefined && !mayHoldPassword(text) && writing.compiles(cel);
  const line = sure ? writing.written(cel) : undefined;
  if (said.length > 0) return [...ansibles(said, strange.length === 0 ? bare : [], line), ...firstOfEach(strange)];
  const start = thrown.range?.start ?? 0;
  const span = { start, end: Math.max(thrown.range?.end ?? 1, start + 1) };
  if (thrown.code !== 'unknown_variable') return [{ span, message: `expression: ${thrown.summary}` }];
  if (bare.length === 0) return [unknownName({ word: text.slice(span.start, span.end), ...span }, roots, line)];
  return firstOfEach(
    bare.flatMap((name) => {
      const reasons = explained(name, roots);
      return reasons.length > 0 ? reasons : [unknownName(name, roots, line)];
    }),
  );
}

/** A message is no place for what may be a password. */
function mayHoldPassword(text: string): boolean {
  return /pass|secret|token/i.test(text) && /["']/.test(text);
}

export function firstOfEach(mistakes: readonly Mistake[]): readonly Mistake[] {
  return unique(mistakes.toReversed(), ({ message }) => message);
}

/** Of Ansible's words those for which there is nothing here. */
export function lacking(said: readonly Said[]): readonly Mistake[] {
  return said.flatMap(({ word, nothing, start, end }) =>
    nothing === undefined
      ? []
      : [
          {
            span: { start, end },
            message: `expression: "${word}" is Ansible's, and plimsoll has nothing of the kind: ${nothing}`,
          },
        ],
  );
}

function ansibles(said: readonly Said[], bare: readonly Said[], line: string | undefined): readonly Mistake[] {
  const [first] = said.filter(({ here }) => here !== undefined);
  if (first === undefined) return lacking(said);
  const [name] = bare;
  const words = new Map(
    [...said, ...(name === undefined ? [] : [name])].flatMap(({ word, here }) =>
      here === undefined ? [] : [[word, here] as const],
    ),
  );
  const list = [...words]
    .map(([word, here]) => `Ansible's "${word}" is ${here}`)
    .join(', ')
    .replaceAll(/, Ansible's/g, ',');
  const { start, end } = first;
  return [
    { span: { start, end }, message: `expression: ${list}${line === undefined ? '' : `; write \`${line}\``}` },
    ...lacking(said),
  ];
}

/** A name that is no variable's: why it cannot be read here, or which one it nearly is. */
export function explained(
  { word, start, end }: Pick<Said, 'word' | 'start' | 'end'>,
  roots: Roots,
): readonly Mistake[] {
  const why = roots.why?.(word);
  if (why === undefined && closest(word, roots.names) === undefined) return [];
  const message = why ?? `there is no "${word}" here${didYouMean(word, roots.names)}`;
  return [{ span: { start, end }, message: `expression: ${message}` }];
}

function unknownName(
  { word, start, end }: Pick<Said, 'word' | 'start' | 'end'>,
  roots: Roots,
  line: string | undefined,
): Mistake {
  const known = [...roots.names].join(', ');
  const variable =
    line === undefined ? `a variable is read with vars.${word}` : `a variable is vars.${word}: write \`${line}\``;
  return { span: { start, end }, message: `expression: there is no "${word}" here (known: ${known}); ${variable}` };
}

/** What is asked of a register as Ansible does, and would only be missed on the host. */
export function askedAsAnsible({ root, keys: [key], spans: [span] }: ExpressionAccess): readonly Mistake[] {
  if (['vars', 'host', 'facts', 'item'].includes(root) || key === undefined || span === undefined) return [];
  const word = Object.hasOwn(registerKeys, key) ? registerKeys[key] : undefined;
  if (word === undefined) return [];
  const { here, nothing } = ofMagic(word, '.');
  return [
    {
      span,
      message:
        here === undefined
          ? `expression: ".${key}" is Ansible's, and plimsoll has nothing of the kind: ${nothing ?? ''}`
          : `expression: Ansible's ".${key}" is ${here}: write \`${root}${here}\``,
    },
  ];
}

/** `matches()` is a JavaScript RegExp, which a short text can keep busy for hours. */
export function refusedCall({ name, span }: { readonly name: string; readonly span: Span }): readonly Mistake[] {
  return name === 'matches'
    ? [{ span, message: 'expression: matches() is not available; use startsWith(), endsWith(), contains() or ==' }]
    : [];
}

/** What `facts` holds. An empty list leaves the names below it unchecked. */
export const factShape: Readonly<Record<string, readonly string[]>> = {
  docker: ['driver', 'version', 'root', 'live_restore'],
  host: [],
};
const hostShape = ['name', 'address', 'port', 'user', 'groups', 'vars'];

export function unknownKey({ root, keys, spans }: ExpressionAccess): readonly Mistake[] {
  const [first, second] = keys;
  const [firstSpan, secondSpan] = spans;
  const known = root === 'facts' ? Object.keys(factShape) : root === 'host' ? hostShape : undefined;
  if (known === undefined || first === undefined || firstSpan === undefined) return [];
  if (!known.includes(first))
    return [
      {
        span: firstSpan,
        message: `expression: ${root} has no "${first}"${didYouMean(first, known) || ` (known: ${known.join(', ')})`}`,
      },
    ];
  const inner = root === 'facts' ? factShape[first] : undefined;
  if (
    inner === undefined ||
    inner.length === 0 ||
    second === undefined ||
    secondSpan === undefined ||
    inner.includes(second)
  )
    return [];
  return [
    {
      span: secondSpan,
      message: `expression: facts.${first} has no "${second}"${didYouMean(second, inner) || ` (known: ${inner.join(', ')})`}`,
    },
  ];
}
