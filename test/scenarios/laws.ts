import { lead } from '../../lab/sim/translate.ts';
import type { Action, Change, ExecAction, WriteFileAction } from '../../src/operations/engine/change.ts';
import type { RunEvent, ShownChange } from '../../src/run/report/event.ts';
import type { Intent } from '../../src/run/journal/journal.ts';
import { commandLine, quote } from '../../src/values/shell.ts';
import type { Call } from './calls.ts';
import type { Sent } from './recording.ts';

type Command = Extract<Sent, { readonly kind: 'command' | 'stream' }>;
const isCommand = (one: Sent): one is Command => one.kind === 'command' || one.kind === 'stream';
type Planned = Extract<RunEvent, { readonly type: 'step.planned' }>;

/** What a preview printed of one change. */
export interface Printed {
  readonly step: string;
  readonly certain: boolean;
  readonly change: ShownChange;
}

export function printedIn(events: readonly RunEvent[]): readonly Printed[] {
  return events
    .filter((event): event is Planned => event.type === 'step.planned')
    .flatMap(({ step, outcome, changes }) =>
      outcome === 'refused' || outcome === 'noop'
        ? []
        : changes.map((change) => ({ step, certain: outcome === 'change', change })),
    );
}

/** One effect of the run: what the journal said before it, what was sent, and how it ended. */
interface Effect {
  readonly intent: Intent;
  readonly sent: readonly Sent[];
  readonly failed: boolean;
}

/** What was sent, by the intent that came before it; and what changes a host and had none. */
function effectsOf(sent: readonly Sent[]): { readonly effects: readonly Effect[]; readonly stray: readonly Sent[] } {
  const effects: { intent: Intent; sent: Sent[]; failed: boolean; open: boolean }[] = [];
  const stray: Sent[] = [];
  for (const one of sent) {
    // Of a series several are open at a time; they end in their order.
    const open = effects.filter((effect) => effect.open);
    const [first] = open;
    if (one.kind === 'intent') effects.push({ intent: one.intent, sent: [], failed: false, open: true });
    else if (one.kind === 'outcome') {
      if (first !== undefined) Object.assign(first, { failed: one.failed, open: false });
    } else if (one.kind === 'work' && first?.intent.series !== undefined)
      for (const { sent: its } of open) its.push(one);
    else if (first !== undefined) first.sent.push(one);
    else if (one.kind === 'work' || (!one.reads && !isClearing(one.script, effects))) stray.push(one);
  }
  return { effects: effects.map(({ open, ...effect }) => ({ ...effect, failed: effect.failed || open })), stray };
}

/** What a relay has printed that it does at the end of its change. */
function isClearing(script: string, effects: readonly { readonly intent: Intent }[]): boolean {
  return effects.some(({ intent }) =>
    intent.change.actions.some((action) => action.kind === 'relay' && action.atEnd?.script === script),
  );
}

export interface Observed {
  readonly printed: readonly Printed[];
  readonly sent: readonly Sent[];
  /** What each piece of work has called. */
  readonly calls: (work: string) => Promise<readonly Call[]>;
  /** Everything was done: what was certain must have been. */
  readonly whole: boolean;
}

/**
 * What is wrong when what was called is compared with what was printed: each certain change in its order, once, and
 * whole; of the uncertain ones what the journal says that they became; nothing else.
 */
export async function differencesFrom({ printed, sent, calls, whole }: Observed): Promise<readonly string[]> {
  const { effects, stray } = effectsOf(sent);
  const wrong = stray.map(
    (one) =>
      `sent without an intent: ${one.kind === 'work' ? `work ${one.name}` : isCommand(one) ? oneLine(one.script) : one.kind}`,
  );
  const certain = printed.filter((one) => one.certain);
  const uncertain = new Set(printed.filter((one) => !one.certain).map(({ step }) => step));
  let at = 0;
  for (const { intent, sent: its, failed } of effects) {
    const [first = 0] = intent.actions;
    const begins = first === 0;
    if (begins) {
      const found = certain
        .slice(at)
        .findIndex(({ step, change }) => step === intent.name && same(change, intent.change));
      if (found >= 0) {
        if (whole)
          wrong.push(
            ...certain
              .slice(at, at + found)
              .filter(({ change }) => !mayLapse(change))
              .map(({ step, change }) => `printed as certain and passed over: ${step}: ${change.summary}`),
          );
        at += found + 1;
      } else if (certain.some(({ step }) => step === intent.name) && !uncertain.has(intent.name)) {
        wrong.push(
          `done otherwise than printed: ${intent.name}: ${intent.change.summary}: ${difference(certain, intent)}`,
        );
      }
    }
    wrong.push(...(await differencesOfEffect(intent, its, failed, calls)));
  }
  const missing = certain.slice(at).filter(({ change }) => !mayLapse(change) && !onlyWaits(change));
  if (whole)
    wrong.push(...missing.map(({ step, change }) => `printed as certain and not done: ${step}: ${change.summary}`));
  return wrong;
}

const mayLapse = (change: ShownChange): boolean => change.lapse !== undefined;
const onlyWaits = ({ actions }: ShownChange): boolean =>
  actions.every(({ kind }) => kind === 'wait-until' || kind === 'pause');

/** The actions, to the letter; and that the printed text of each is what they are. */
function same(printed: ShownChange, change: Change): boolean {
  return (
    printed.summary === change.summary && JSON.stringify(printed.actions.map(bare)) === JSON.stringify(change.actions)
  );
}

function bare({ command: _command, ...action }: ShownChange['actions'][number]): Action {
  return action;
}

function difference(certain: readonly Printed[], intent: Intent): string {
  const of = certain.filter(({ step }) => step === intent.name);
  const near = of.find(({ change }) => change.summary === intent.change.summary) ?? of[0];
  if (near === undefined) return 'nothing was printed';
  return firstDifference(JSON.stringify(near.change.actions.map(bare)), JSON.stringify(intent.change.actions));
}

/** Texts that the preview prints of commands are what would be typed to call the same. */
export function wronglyPrinted(printed: readonly Printed[]): readonly string[] {
  return printed.flatMap(({ step, change }) =>
    change.actions.flatMap((action) =>
      action.kind !== 'exec' || action.command === commandLine(action.argv)
        ? []
        : [
            `${step}: what is printed (${oneLine(action.command)}) is not what is called (${oneLine(commandLine(action.argv))})`,
          ],
    ),
  );
}

async function differencesOfEffect(
  intent: Intent,
  sent: readonly Sent[],
  failed: boolean,
  calls: Observed['calls'],
): Promise<readonly string[]> {
  const actions = intent.actions.flatMap((index) => intent.change.actions[index] ?? []);
  const where = `${intent.name}: ${intent.change.summary}`;
  if (actions.every(({ kind }) => kind === 'exec' || kind === 'check' || kind === 'write-file')) {
    const works = sent.filter((one) => one.kind === 'work');
    if (failed && works.length === 0) return [];
    const [work] = works;
    if (works.length !== 1 || work === undefined || work.name !== intent.work)
      return [
        `${where}: is to be one piece of work (${String(intent.work)}) and is ${works.map(({ name }) => name).join(', ') || 'none'}`,
      ];
    const more = sent.filter(isCommand).filter(({ reads }) => !reads);
    const called = await calls(callsOf(work.name, intent.series?.nth));
    return [
      ...(more.length > 0 ? [`${where}: beside the work something else was sent`] : []),
      ...compareCalls(actions, called, failed).map((line) => `${where}: ${line}`),
    ];
  }
  const [action] = actions;
  if (action === undefined) return [`${where}: no action`];
  return sentFor(action, sent, failed).map((line) => `${where}: ${line}`);
}

/** What goes another way than as work names what it is about, with its digest; and nothing else is sent. */
function sentFor(action: Action, sent: readonly Sent[], failed: boolean): readonly string[] {
  const commands = sent.filter(isCommand);
  const works = sent.filter((one) => one.kind === 'work').map(({ name }) => `${action.kind} began the work ${name}`);
  const changing = commands.filter(({ reads }) => !reads);
  switch (action.kind) {
    case 'upload':
    case 'fetch':
      return [
        ...works,
        ...(failed || commands.some(({ args }) => args.some((arg) => arg.includes(action.path)))
          ? []
          : [`${action.kind}: nothing that was sent names ${action.path}`]),
      ];
    case 'wait-until':
      return [
        ...works,
        ...commands
          .filter(({ args }) => JSON.stringify(args) !== JSON.stringify(action.argv))
          .map(({ args }) => `was asked with ${args.join(' ')}`),
        ...changing.map(({ script }) => `wait-until sent ${oneLine(script)}`),
      ];
    case 'seal':
      return [
        ...works,
        ...(failed ||
        action.laptop === true ||
        action.host !== undefined ||
        commands.some(({ script }) => script.includes(quote(action.to)))
          ? []
          : [`seal: nothing that was sent names ${action.to}`]),
      ];
    case 'pause':
      return [...works, ...changing.map(({ script }) => `pause sent ${oneLine(script)}`)];
    case 'relay':
    case 'exec':
    case 'check':
    case 'write-file':
      return works;
  }
}

/** What the calls of a piece of work are kept under, and those of one of a series, which are apart. */
export function callsOf(work: string, nth = 0): string {
  return nth === 0 ? work : `${work}-${String(nth)}`;
}

interface Expected {
  readonly argv: readonly string[];
  readonly input: string;
}

/** What a shell has within itself, so that no program is called. */
const builtin = new Set(['test', '[', 'true', 'false', 'echo', 'printf', 'kill', ':', 'cd', 'pwd', 'sleep']);

/** Compares what work has called with its actions: in order, nothing between, and at its end what was to be done then. */
export function compareCalls(actions: readonly Action[], called: readonly Call[], failed: boolean): readonly string[] {
  const left = [...called];
  let stopped = false;
  for (const action of actions) {
    if (stopped) break;
    if (action.kind === 'write-file') {
      while (left[0] !== undefined && readsFor(left[0], action)) left.shift();
      const [next] = left;
      if (next !== undefined && writes(next, action)) left.shift();
      else if (failed) stopped = true;
      else
        return [
          `printed that ${action.path} is written, and ${next === undefined ? 'called nothing' : `called ${shown(next)}`}`,
        ];
      continue;
    }
    if (action.kind !== 'exec' && action.kind !== 'check') return [`${action.kind} cannot be work`];
    const input = action.kind === 'exec' && action.stdin !== undefined ? action.stdin : '-';
    const expected: Expected[] = [
      { argv: action.argv, input },
      ...(action.kind === 'exec' && action.check !== undefined ? [{ argv: action.check.argv, input: '-' }] : []),
    ];
    for (const one of expected) {
      if (builtin.has(one.argv[0] ?? '') || isOtherPath(one.argv[0] ?? '')) continue;
      const [next] = left;
      if (next !== undefined && isSame(next, one)) {
        left.shift();
        continue;
      }
      if (!failed) return [next === undefined ? `printed ${shown(one)} and called nothing` : notSame(one, next)];
      stopped = true;
      break;
    }
  }
  const allowed = [
    ...endsOf(actions),
    ...(failed ? actions.flatMap((action) => (action.kind === 'exec' ? (action.onFailure ?? []) : [])) : []),
  ];
  const ends = endsOf(actions).filter(([program = '']) => !builtin.has(program));
  const stray = left.filter((call) => !allowed.some((argv) => isSame(call, { argv, input: '-' })));
  if (stray.length > 0) return stray.map((call) => `called ${shown(call)}, which was not printed`);
  return failed || left.length === ends.length
    ? []
    : [`at the end ${String(ends.length)} programs were to be called, and ${String(left.length)} were`];
}

function endsOf(actions: readonly Action[]): readonly (readonly string[])[] {
  return actions
    .filter((action): action is ExecAction => action.kind === 'exec')
    .toReversed()
    .flatMap(({ atEnd }) => atEnd ?? []);
}

/** A program by its own path has no stand-in, but for the shell. */
const isOtherPath = (program: string): boolean => program.includes('/') && program !== '/bin/sh';

/** What is looked at before a file is written; and its backup, which is written the same way. */
function readsFor({ argv: [program = '', ...args] }: Call, { path, backup }: WriteFileAction): boolean {
  if (program === 'write_beside') return backup !== undefined && args[0] === backup;
  return program === 'sha256sum' || ((program === 'cat' || program === 'stat') && args.at(-1) === path);
}

const writes = ({ argv: [program, path, mode], input }: Call, action: WriteFileAction): boolean =>
  program === 'write_beside' && path === led(action.path) && mode === action.mode && input === led(action.content);

function isSame(call: Expected, expected: Expected): boolean {
  return (
    call.input === led(expected.input) &&
    call.argv.length === expected.argv.length &&
    call.argv.every((word, index) => word === led(expected.argv[index] ?? ''))
  );
}

/** What the simulation itself changes in what is sent to a host, but for its root directory (lab/sim/translate.ts). */
const led = (text: string): string => lead(text, { root: '', withoutDocker: false });

const shown = ({ argv, input }: Expected): string =>
  `${oneLine(commandLine(argv))}${input === '-' ? '' : ` <${oneLine(input, 60)}`}`;

/** From where on they differ. */
function notSame(expected: Expected, call: Expected): string {
  const [was, is] = [expected, call].map(({ argv, input }) => led(`${commandLine(argv)} <${input}`));
  return `printed and called differ: ${firstDifference(was ?? '', is ?? '')}`;
}

export function firstDifference(was: string, is: string): string {
  let at = 0;
  while (at < was.length && was[at] === is[at]) at += 1;
  const around = (text: string): string => JSON.stringify(text.slice(Math.max(0, at - 70), at + 130));
  return `${around(was)} and ${around(is)}`;
}

export function oneLine(text: string, most = 240): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > most ? `${line.slice(0, most)}…` : line;
}
