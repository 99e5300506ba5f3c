import type { Action, CheckAction, ExecAction, WriteFileAction } from '../../operations/engine/change.ts';
import type { Command } from '../../transport/transport.ts';
import { type SecretReference, secretKey } from '../../values/secret-reference.ts';
import { commandLine, quote } from '../../values/shell.ts';
import { assignments, functionOf } from '../../shell/render.ts';
import { shell } from '../../shell/shell.ts';
import { writeBesideFunctions } from '../../shell/write-beside.ts';
import { secretVariable, takeFeed } from './feed.ts';

/** The kinds that can be part of one remote script. */
export type ScriptAction = ExecAction | CheckAction | WriteFileAction;

export function isScriptAction(action: Action): action is ScriptAction {
  return action.kind === 'exec' || action.kind === 'check' || action.kind === 'write-file';
}

/**
 * The exit status of a compiled script in which an action failed: one that is a success of none of
 * them, so that the status alone tells failure from success, whatever a program prints. `failureOf`
 * then says which action it was.
 */
export function failedStatus(actions: readonly ScriptAction[]): number {
  const success = new Set(actions.flatMap((action) => (action.kind === 'exec' ? (action.success ?? []) : [])));
  return [70, 71, 72, 73, 74, 75, 76, 77, 78].find((status) => !success.has(status)) ?? 70;
}

/**
 * One remote script out of actions, each of which must succeed before the next one starts.
 *
 * The script runs detached from the connection (run/work/work.ts), so that one that drops in the middle does
 * not cut a change in two. When it is ended, the program that runs is, but not the script, which then
 * cleans up. Its programs do not inherit the host's lock: a daemon that one of them leaves behind must
 * not keep it.
 *
 * `streaming` is for a single action: its output is passed on as it comes, on the stream it comes on,
 * and the script ends with the program's own exit status; where there is nothing else to do, it becomes that program.
 */
export function compile(
  actions: readonly ScriptAction[],
  streaming = false,
): Pick<Command, 'script' | 'timeoutMs'> & { readonly secrets: readonly SecretReference[] } {
  const secrets = secretsOfActions(actions);
  const [first] = actions;
  if (streaming && first !== undefined && isPlain(first))
    return {
      script: `${exportsOf(first, secrets)}exec ${commandLine(first.argv)} </dev/null 9>&-`,
      secrets,
      ...(first.timeoutMs === undefined ? {} : { timeoutMs: first.timeoutMs }),
    };
  const parts = actions.map((action, index) => compileAction(action, index + 1, { streaming, secrets }));
  const [only] = actions;
  const own =
    streaming && only?.kind === 'exec'
      ? only.timeoutMs
      : actions.reduce((sum, action) => sum + (action.kind === 'exec' ? (action.timeoutMs ?? 60_000) : 20_000), 0);
  const cleanups = parts
    .map((part, index) => ({ lines: part.atEnd, index: index + 1 }))
    .filter(({ lines }) => lines.length > 0)
    .reverse()
    .map(
      ({ lines, index }) =>
        `  if [ -n "\${started_${String(index)}-}" ]; then ${lines.map((line) => `${line} || warn ${quote(line)}`).join('; ')}; fi`,
    );
  const writes = actions.some(({ kind }) => kind === 'write-file') ? [writeBesideFunctions] : [];
  const script = [
    ...(streaming ? [] : ['trap : TERM']),
    assignments({ failed_status: failedStatus(actions) }),
    prelude,
    ...writes,
    functionOf('at_end', ':', ...cleanups),
    ...takeFeed(secrets.length, `fail 1 ${quote('its secrets have not arrived')}`),
    ...parts.map(({ body }) => body),
    'at_end',
    streaming ? 'exit $status' : 'exit 0',
  ].join('\n');
  return { script, secrets, ...(own === undefined ? {} : { timeoutMs: own }) };
}

/** A program of which nothing but its end has to be known, and that is given nothing that would have to be fed to it. */
export function isPlain(action: ScriptAction): action is ExecAction {
  return (
    action.kind === 'exec' &&
    // bash's `exec` has options.
    action.argv[0]?.startsWith('-') === false &&
    action.stdin === undefined &&
    action.onFailure === undefined &&
    action.atEnd === undefined &&
    action.check === undefined &&
    secretsOfActions([action]).length === 0
  );
}

/** One of a series: its script, which runs in a shell of its own, and which of its exit statuses let the next one begin. */
export interface InSeries {
  readonly script: string;
  readonly success: readonly number[];
}

/** One script out of several that know nothing of one another. It ends with the exit status of the last that it has begun. */
export function compileSeries(scripts: readonly InSeries[], mark: string): string {
  const [last, ...before] = scripts.toReversed();
  const run = ({ script }: InSeries): string => ['(', script, ')'].join('\n');
  return [
    assignments({ mark }),
    seriesHead,
    ...before.toReversed().flatMap((one) => [run(one), goOnWith(one.success)]),
    ...(last === undefined ? [] : [run(last)]),
  ].join('\n');
}

const seriesHead = shell('run/work/series.sh');

function goOnWith(success: readonly number[]): string {
  return `status=$?; case $status in ${success.join('|')}) next "$status" ;; *) exit "$status" ;; esac`;
}

/** The number of the action that failed is the last thing that is printed, so that nothing before it can be taken for it. */
const prelude = shell('run/work/prelude.sh');

interface Part {
  readonly body: string;
  readonly atEnd: readonly string[];
}

interface Context {
  readonly streaming: boolean;
  /** Each has its variable, by its position. */
  readonly secrets: readonly SecretReference[];
}

/** Every secret that programs are given, each once. */
export function secretsOfActions(actions: readonly Action[]): readonly SecretReference[] {
  const all = actions.flatMap((action) =>
    action.kind === 'exec' ? [action.secretStdin, ...Object.values(action.env ?? {})] : [],
  );
  return [...new Map(all.flatMap((one) => (typeof one === 'object' ? [[secretKey(one), one] as const] : []))).values()];
}

function valueIn(secrets: readonly SecretReference[], value: string | SecretReference): string {
  return typeof value === 'string'
    ? quote(value)
    : secretVariable(secrets.findIndex((secret) => secretKey(secret) === secretKey(value)));
}

function compileAction(action: ScriptAction, number: number, context: Context): Part {
  switch (action.kind) {
    case 'exec':
      return compileExec(action, number, context);
    case 'check':
      return {
        body: checkLines(action.argv, action.equals, `fail ${String(number)} ${quote(`${action.otherwise}: `)}"$out"`),
        atEnd: [],
      };
    case 'write-file':
      return { body: compileWriteFile(action, number), atEnd: [] };
  }
}

function exportsOf({ env = {} }: ExecAction, secrets: readonly SecretReference[]): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${valueIn(secrets, value)}; `)
    .join('');
}

function compileExec(action: ExecAction, number: number, { streaming, secrets }: Context): Part {
  const run = commandLine(action.argv);
  const given = action.secretStdin ?? action.stdin;
  const input = given === undefined ? '</dev/null' : '';
  const feed = `${exportsOf(action, secrets)}${given === undefined ? '' : `printf %s ${valueIn(secrets, given)} | `}`;
  const undo = (action.onFailure ?? []).map((argv) => `${commandLine(argv)} >/dev/null 2>&1; `).join('');
  const success = (action.success ?? [0]).map(String).join('|');
  const marker = action.atEnd === undefined ? [] : [`started_${String(number)}=1`];
  const body = [
    ...(streaming
      ? [`( ${feed}${run} ${input} 9>&- ) || status=$?`]
      : [`status=0; out=$(${feed}${run} 2>&1 ${input} 9>&-) || status=$?`, `[ -z "$out" ] || printf '%s\\n' "$out"`]),
    `case $status in ${success}) ;; *) ${undo}fail ${String(number)} "exit status $status\${out:+: $out}" ;; esac`,
    ...marker,
    ...(action.check === undefined
      ? []
      : [
          checkLines(
            action.check.argv,
            action.check.equals,
            `${undo}fail ${String(number)} ${quote(`${commandLine(action.check.argv)} must print ${words(action.check.equals)} but prints `)}"$out"`,
          ),
        ]),
  ].join('\n');
  return { body, atEnd: (action.atEnd ?? []).map(commandLine) };
}

function checkLines(argv: readonly string[], equals: string, otherwise: string): string {
  return `out=$(${commandLine(argv)} 2>&1 </dev/null); [ "$(words "$out")" = ${quote(words(equals))} ] || { ${otherwise}; }`;
}

/** White space folded, as the script's `words` folds it: what a shell splits at, and nothing else. */
function words(text: string): string {
  return text
    .split(/[ \t\n]+/)
    .filter((word) => word !== '')
    .join(' ');
}

/**
 * Whatever is temporary has a name that starts with a dot, also in the directory beside the file, because Docker, at its
 * start, reads every file of its metadata directory whose name does not (moby v20.10 daemon/graphdriver/devmapper/deviceset.go).
 * The owner is asked before anything is written, and of the file itself.
 */
function compileWriteFile(action: WriteFileAction, number: number): string {
  const path = quote(action.path);
  const no = (why: string): string => `fail ${String(number)} ${quote(`${action.path}: ${why}`)}"\${out:+: $out}"`;
  const expected = action.expect === null ? [] : [action.expect, ...(action.again === true ? [action.content] : [])];
  const guard =
    action.expect === null
      ? `out=; [ ! -e ${path} ] || ${no('exists already')}; owner=`
      : `out=; is=$(cat -- ${path} && printf x); case $is in ${expected.map((text) => quote(`${text}x`)).join(' | ')}) ;; *) false ;; esac && owner=$(stat -c %u:%g -- ${path}) || ${no('its content is not what the plan saw')}`;
  const digestOf = (text: string): string => `"$(printf %s ${text} | sha256sum | cut -d' ' -f1)"`;
  const keep =
    action.backup === undefined || action.expect === null
      ? []
      : [keepFile(path, quote(action.backup), digestOf(quote(action.expect)), no('its backup could not be written'))];
  return [
    guard,
    ...keep,
    `text=${quote(action.content)}`,
    `out=$(printf %s "$text" | write_beside ${path} ${quote(action.mode)} "$owner" ${digestOf('"$text"')} 2>&1 9>&-) || ${no('its new content could not be written')}`,
  ].join('\n');
}

function keepFile(path: string, backup: string, digest: string, orElse: string): string {
  return `out=$({ (beside_in ${backup} '' make) && mode=$(stat -c %a -- ${path}) && read_beside ${path} | write_beside ${backup} "$mode" "$owner" ${digest}; } 2>&1) || ${orElse}`;
}

/** Which action of a failed script it was, counted from 0, why, and what had been printed before; from its standard error. */
export function failureOf(
  stderr: string,
): { readonly index: number; readonly reason: string; readonly printed: string } | undefined {
  const last = /\nplimsoll-failed-action ([1-9]\d*)\n$/.exec(stderr);
  if (last === null) return undefined;
  const before = stderr.slice(0, last.index);
  const at = before.lastIndexOf('\nplimsoll-failed: ');
  return {
    index: Number(last[1]) - 1,
    reason: before.slice(at + '\nplimsoll-failed: '.length).trim(),
    printed: before.slice(0, Math.max(at, 0)),
  };
}
