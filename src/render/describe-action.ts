import type { Action, Check, ExecAction, FetchAction, RelayAction, WriteFileAction } from '../operations/change.ts';
import { shownEnvironment } from '../run/shown.ts';
import { originOf } from '../values/secret-reference.ts';
import { commandLine, quote } from '../values/shell.ts';
import { noPlaceholders, type Placeholders } from './placeholders.ts';
import { textDiff } from './text-diff.ts';
import { count, duration } from './words.ts';

const shownTextLines = 20;

/**
 * What an action does, exactly: `$ command` as it runs (`| ` before its further lines, so that a line
 * feed in an argument is seen), or a sentence; lines with `#` say what is done around it.
 */
export function describeAction(action: Action, names: Placeholders = noPlaceholders): readonly string[] {
  switch (action.kind) {
    case 'exec':
      return describeExec(action, names);
    case 'check':
      return guttered('# stops unless ', `${checked(action, names)}: ${names.text(action.otherwise)}`);
    case 'write-file':
      return describeWrite(action, names);
    case 'wait-until': {
      const until = action.equals === undefined ? 'succeeds' : `prints ${JSON.stringify(names.text(action.equals))}`;
      return guttered('', `wait until ${names.text(action.what)}: \`${command(action.argv, names)}\` ${until} (asked every ${duration(action.everySeconds)}, for at most ${duration(action.forSeconds)})`);
    }
    case 'relay':
      return describeRelay(action, names);
    case 'pause':
      return [`wait ${duration(action.seconds)}`];
    case 'upload': {
      const owner = action.owner === undefined ? '' : `, owner ${action.owner}`;
      const from = action.host === undefined ? action.from : `${action.from} of ${action.host}`;
      return guttered('', names.text(`upload ${from} to ${action.path} (${count(action.bytes, 'byte')}, mode ${action.mode}${owner}, sha256 ${action.sha256})`));
    }
    case 'fetch':
      return describeFetch(action, names);
  }
}

function describeFetch({ path, to, host, sha256, bytes, described, supersedes }: FetchAction, names: Placeholders): readonly string[] {
  const known = [...(bytes === undefined ? [] : [count(bytes, 'byte')]), ...(sha256 === undefined ? [] : [`sha256 ${sha256}`])];
  return [
    ...guttered('', names.text(`fetch ${path} to ${host === undefined ? to : `${to} of ${host}`}${known.length === 0 ? '' : ` (${known.join(', ')})`}`)),
    ...(described === undefined ? [] : guttered('# its digest and size are told by ', command(described, names))),
    ...(supersedes ?? []).flatMap((file) => guttered('# then removes ', names.text(file))),
  ];
}

function describeExec(action: ExecAction, names: Placeholders): readonly string[] {
  const { success = [0], stdin } = action;
  const around = (words: string, commands: readonly (readonly string[])[] | undefined): readonly string[] => (commands ?? []).flatMap((argv) => guttered(`# ${words}: `, command(argv, names)));
  return [
    ...guttered('$ ', `${names.text(shownEnvironment(action))}${command(action.argv, names)}`),
    ...Object.entries(action.env ?? {}).flatMap(([name, value]) => (typeof value === 'string' ? [] : [`# ${name} is a secret, from ${originOf(value)}`])),
    ...(action.secretStdin === undefined ? [] : [`# with a secret on its standard input, from ${originOf(action.secretStdin)}`]),
    ...(stdin === undefined ? [] : [`# with ${size(stdin, names)} on its standard input:`, ...bounded(names.text(stdin).replace(/\n$/, '').split('\n')).map((text) => `< ${text}`)]),
    ...(success.length === 1 && success[0] === 0 ? [] : [`# exit status ${success.join(' or ')} is success`]),
    ...(action.check === undefined ? [] : guttered('# then checks that ', checked(action.check, names))),
    ...around('if that fails', action.onFailure),
    ...around('at the end, whatever happens', action.atEnd),
  ];
}

function describeWrite({ path, mode, content, expect, backup }: WriteFileAction, names: Placeholders): readonly string[] {
  const old = expect === null ? 'a new file' : `replaces ${size(expect, names)}`;
  const kept = backup === undefined || backup === '' ? '' : `, the old content is kept in ${names.text(backup)}`;
  return [
    ...guttered('', `write ${names.text(path)} (${size(content, names)}, mode ${mode}, ${old}${kept})`),
    ...bounded(textDiff(names.text(expect ?? ''), names.text(content))).map((text) => `  ${text}`),
  ];
}

function describeRelay({ host, what, script, args, input, atEnd }: RelayAction, names: Placeholders): readonly string[] {
  const shown = (words: string, one: { readonly script: string; readonly args: readonly string[] }): readonly string[] => [
    ...guttered('# ', `${words} ${host}${one.args.length === 0 ? '' : `, with ${one.args.map((argument) => command(['x', argument], names).slice(2)).join(' ')}`}:`),
    ...bounded(names.text(one.script).replace(/\n$/, '').split('\n')).map((text) => `< ${text}`),
  ];
  return [
    ...guttered('', `${names.text(what)} (on ${host})`),
    ...shown('on', { script, args }),
    ...(input === undefined ? [] : guttered('# its standard input is this host\'s ', names.text(input))),
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

function bounded(lines: readonly string[]): readonly string[] {
  return lines.length <= shownTextLines ? lines : [...lines.slice(0, shownTextLines), `… and ${count(lines.length - shownTextLines, 'more line', 'more lines')}`];
}

/** The size differs wherever the content does. */
function size(text: string, names: Placeholders): string {
  return names.text(text) === text ? count(Buffer.byteLength(text), 'byte') : 'its size';
}
