import { createHash } from 'node:crypto';
import type {
  Action,
  Check,
  ExecAction,
  FetchAction,
  RelayAction,
  WriteFileAction,
} from '../../operations/engine/change.ts';
import { shownEnvironment } from '../../run/report/shown.ts';
import { originOf } from '../../values/secret-reference.ts';
import { commandLine, quote } from '../../values/shell.ts';
import { noPlaceholders, type Placeholders } from './placeholders.ts';
import { textDiff } from './text-diff.ts';
import { count, duration } from '../words.ts';

/** Of a long text: what a person looks at before he goes on to the next host. */
const shownTextLines = 20;

interface Shown {
  readonly names: Placeholders;
  /** Every line of every text, however long; otherwise the beginning, and what is not shown by its number of lines and its digest. */
  readonly whole: boolean;
}

/**
 * What an action does, exactly: `$ command` as it runs (`| ` before its further lines, so that a line
 * feed in an argument is seen), or a sentence; lines with `#` say what is done around it.
 */
export function describeAction(action: Action, { names, whole }: Shown): readonly string[] {
  switch (action.kind) {
    case 'exec':
      return describeExec(action, { names, whole });
    case 'check':
      return guttered('# stops unless ', `${checked(action, names)}: ${names.text(action.otherwise)}`);
    case 'write-file':
      return describeWrite(action, { names, whole });
    case 'wait-until': {
      const until = action.equals === undefined ? 'succeeds' : `prints ${JSON.stringify(names.text(action.equals))}`;
      return guttered(
        '',
        `wait until ${names.text(action.what)}: \`${command(action.argv, names)}\` ${until} (asked every ${duration(action.everySeconds)}, for at most ${duration(action.forSeconds)})`,
      );
    }
    case 'relay':
      return describeRelay(action, { names, whole });
    case 'seal': {
      const where = action.laptop === true ? ' on this machine' : action.host === undefined ? '' : ` of ${action.host}`;
      return guttered(
        '',
        names.text(`seal ${action.name} by what ${action.manifest} says, in the records and in ${action.to}${where}`),
      );
    }
    case 'pause':
      return [`wait ${duration(action.seconds)}`];
    case 'upload': {
      const owner = action.owner === undefined ? '' : `, owner ${action.owner}`;
      const from = action.host === undefined ? action.from : `${action.from} of ${action.host}`;
      return guttered(
        '',
        names.text(
          `upload ${from} to ${action.path} (${count(action.bytes, 'byte')}, mode ${action.mode}${owner}, sha256 ${action.sha256})`,
        ),
      );
    }
    case 'fetch':
      return describeFetch(action, names);
  }
}

function describeFetch(
  { path, to, host, sha256, bytes, described, atMostBytes, supersedes }: FetchAction,
  names: Placeholders,
): readonly string[] {
  const known = [
    ...(bytes === undefined ? [] : [count(bytes, 'byte')]),
    ...(sha256 === undefined ? [] : [`sha256 ${sha256}`]),
  ];
  return [
    ...guttered(
      '',
      names.text(
        `fetch ${path} to ${host === undefined ? to : `${to} of ${host}`}${known.length === 0 ? '' : ` (${known.join(', ')})`}`,
      ),
    ),
    ...(described === undefined
      ? []
      : guttered(
          '# its digest and size are told by ',
          `${command(described, names)}${atMostBytes === undefined ? '' : `; at most ${count(atMostBytes, 'byte')}`}`,
        )),
    ...(supersedes ?? []).flatMap((file) => guttered('# then removes ', names.text(file))),
  ];
}

function describeExec(action: ExecAction, { names, whole }: Shown): readonly string[] {
  const { success = [0], stdin } = action;
  const around = (words: string, commands: readonly (readonly string[])[] | undefined): readonly string[] =>
    (commands ?? []).flatMap((argv) => guttered(`# ${words}: `, command(argv, names)));
  return [
    ...guttered('$ ', `${names.text(shownEnvironment(action))}${command(action.argv, names)}`),
    ...Object.entries(action.env ?? {}).flatMap(([name, value]) =>
      typeof value === 'string' ? [] : [`# ${name} is a secret, from ${originOf(value)}`],
    ),
    ...(action.secretStdin === undefined
      ? []
      : [`# with a secret on its standard input, from ${originOf(action.secretStdin)}`]),
    ...(stdin === undefined
      ? []
      : [`# with ${size(stdin, names)} on its standard input:`, ...content(stdin, { names, whole })]),
    ...(success.length === 1 && success[0] === 0 ? [] : [`# exit status ${success.join(' or ')} is success`]),
    ...(action.check === undefined ? [] : guttered('# then checks that ', checked(action.check, names))),
    ...around('if that fails', action.onFailure),
    ...around('at the end, whatever happens', action.atEnd),
  ];
}

function describeWrite(
  { path, mode, content: fresh, expect, backup }: WriteFileAction,
  { names, whole }: Shown,
): readonly string[] {
  const old = expect === null ? 'a new file' : `replaces ${size(expect, names)}`;
  const kept = backup === undefined || backup === '' ? '' : `, the old content is kept in ${names.text(backup)}`;
  return [
    ...guttered('', `write ${names.text(path)} (${size(fresh, names)}, mode ${mode}, ${old}${kept})`),
    ...bounded(textDiff(names.text(expect ?? ''), names.text(fresh)), digestOf(fresh, names), whole).map(
      (text) => `  ${text}`,
    ),
  ];
}

function describeRelay(
  { host, what, script, args, input, ticket, atEnd }: RelayAction,
  { names, whole }: Shown,
): readonly string[] {
  const shown = (
    words: string,
    one: { readonly script: string; readonly args: readonly string[] },
  ): readonly string[] => [
    ...guttered(
      '# ',
      `${words} ${host}${one.args.length === 0 ? '' : `, with ${one.args.map((argument) => command(['x', argument], names).slice(2)).join(' ')}`}:`,
    ),
    ...content(one.script, { names, whole }),
  ];
  return [
    ...guttered('', `${names.text(what)} (on ${host})`),
    ...(ticket === undefined ? [] : shown('for a word that is put before the other arguments, on', ticket)),
    ...shown('on', { script, args }),
    ...(input === undefined ? [] : guttered("# its standard input is this host's ", names.text(input))),
    ...(atEnd === undefined ? [] : shown('at the end, whatever happens, on', atEnd)),
  ];
}

function checked(check: Check, names: Placeholders): string {
  return `\`${command(check.argv, names)}\` prints ${JSON.stringify(names.text(check.equals))}`;
}

/** The command line as it runs; a placeholder in it needs no quotes, since it stands for something else. */
function command(argv: readonly string[], names: Placeholders): string {
  if (names === noPlaceholders) return commandLine(argv);
  return argv
    .map((argument) => {
      const shown = names.text(argument);
      const isBare = shown !== argument && quote(argument) === argument;
      return isBare ? shown : quote(shown);
    })
    .join(' ');
}

function guttered(first: string, text: string): readonly string[] {
  return text.split('\n').map((part, index) => (index === 0 ? `${first}${part}` : `| ${part}`));
}

/** A text line by line. */
function content(text: string, { names, whole }: Shown): readonly string[] {
  return bounded(
    names
      .text(text)
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => `< ${line}`),
    digestOf(text, names),
    whole,
  );
}

/** What is not shown is named on a line that none of the text itself can pass for. */
function bounded(lines: readonly string[], digest: string, whole: boolean): readonly string[] {
  const more = lines.length - shownTextLines;
  if (whole || more <= 0) return lines;
  return [
    ...lines.slice(0, shownTextLines),
    `# not shown here: ${count(more, 'more line', 'more lines')} (the whole text has ${digest}); -v shows them`,
  ];
}

/** By it two texts are told apart of which the same beginning is shown. It differs wherever the content does. */
function digestOf(text: string, names: Placeholders): string {
  return names.text(text) === text
    ? `sha256 ${createHash('sha256').update(text).digest('hex')}`
    : 'a sha256 of its own on each host';
}

/** The size differs wherever the content does. */
function size(text: string, names: Placeholders): string {
  return names.text(text) === text ? count(Buffer.byteLength(text), 'byte') : 'its size';
}
