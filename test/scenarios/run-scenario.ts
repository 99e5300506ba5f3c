import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Interrupts } from '../../src/cli/interrupts.ts';
import { program } from '../../src/cli/program.ts';
import { reportError } from '../../src/cli/report-error.ts';
import type { World } from '../../src/cli/world.ts';
import { nodeConfigIo } from '../../src/config/node-io.ts';
import { toAppError } from '../../src/errors.ts';
import { operations } from '../../src/operations/registry.ts';
import type { RunEvent } from '../../src/run/report/event.ts';
import { exitCodeOfError } from '../../src/run/report/exit-status.ts';
import type { Dump } from '../faults/dump.ts';
import { differences, dumpHost } from '../faults/dump.ts';
import { callsIn, changes, toolCallsIn } from './calls.ts';
import { differencesFrom, firstDifference, oneLine, printedIn, wronglyPrinted } from './laws.ts';
import type { Printed } from './laws.ts';
import type { Places } from './places.ts';
import { Recording } from './recording.ts';
import type { Built, Scenario } from './scenario.ts';
import { build } from './scenario.ts';
import { peerName } from './step-maker.ts';
import type { Simulation } from './simulated.ts';
import { startSimulation } from './simulated.ts';
import { keptScreens } from '../support/kept-screens.ts';

/** What became of a scenario. `wrong`: which laws it breaks, in words. */
export interface Told {
  readonly wrong: readonly string[];
  /** How it went, for the totals: `done`, `drifted`, … */
  readonly ended: string;
  /** What the simulation does not know, so that the scenario has shown less than it could. */
  readonly unsupported: readonly string[];
  /** Operations that have changed something. */
  readonly changed: readonly string[];
  /** The laws that have been tried, beside those that always are. */
  readonly tried: readonly string[];
  /** What reproduces it by hand. */
  readonly playbook: string;
}

interface Ended {
  readonly code: number;
  readonly events: readonly RunEvent[];
  /** The events before the question was asked. */
  readonly shown: readonly RunEvent[];
  readonly text: string;
}

/** `show` is told what each run of the program has printed. */
export async function runScenario(scenario: Scenario, show?: (text: string) => void): Promise<Told> {
  const { spec } = build(scenario, { files: '/', laptop: '/' }).ground;
  const peer = build(scenario, { files: '/', laptop: '/' }).needsPeer
    ? [{ name: peerName, kind: 'overlay2-pquota' } as const]
    : [];
  const simulation = await startSimulation(spec, ...peer);
  try {
    return await new ScenarioRun(simulation, scenario, show).told();
  } finally {
    await simulation.stop();
  }
}

class ScenarioRun {
  readonly #simulation: Simulation;
  readonly #scenario: Scenario;
  readonly #places: Places;
  readonly #built: Built;
  readonly #playbook: string;
  readonly #plan: string;
  readonly #show: ((text: string) => void) | undefined;
  readonly #wrong: string[] = [];
  readonly #unsupported = new Set<string>();
  readonly #tried: string[] = [];
  readonly #changed = new Set<string>();

  constructor(simulation: Simulation, scenario: Scenario, show: ((text: string) => void) | undefined) {
    this.#show = show;
    this.#simulation = simulation;
    this.#scenario = scenario;
    this.#places = { files: join(simulation.directory, 'files'), laptop: join(simulation.directory, 'laptop') };
    this.#built = build(scenario, this.#places);
    this.#playbook = join(this.#places.laptop, 'playbook.yaml');
    this.#plan = join(simulation.directory, 'plan.json');
  }

  async told(): Promise<Told> {
    await this.#lay();
    const ended = await this.#tell();
    return {
      wrong: this.#wrong,
      ended,
      unsupported: [...this.#unsupported],
      tried: this.#tried,
      changed: [...this.#changed],
      playbook: JSON.stringify(this.#built.playbook),
    };
  }

  async #lay(): Promise<void> {
    const { directory, host } = this.#simulation;
    for (const [path, text] of Object.entries(this.#built.files)) {
      await mkdir(dirname(join(directory, path)), { recursive: true });
      await writeFile(join(directory, path), text);
    }
    await writeFile(this.#playbook, JSON.stringify(this.#built.playbook));
    for (const script of this.#built.ground.arrange) {
      const { code, stderr } = await host.run(script);
      if (code !== 0) throw new Error(`the host could not be arranged: ${stderr}`);
    }
    const { before, spec } = this.#built.ground;
    if (before.length === 0) return;
    const first = join(this.#places.laptop, 'before.yaml');
    await writeFile(first, JSON.stringify({ hosts: spec.name, become: true, steps: before }));
    // What is refused, or fails, is a state in between too.
    await this.#plimsoll(undefined, ['apply', first, '--yes', '--output', 'json']);
  }

  async #tell(): Promise<string> {
    const start = await this.#dump();
    const preview = await this.#previewed(start);
    const printed = printedIn(preview.events);
    if (preview.code === 2) return 'usage';
    const { saved } = this.#scenario;
    let before = start;
    const drift = async (): Promise<void> => {
      if (this.#built.drift === undefined) return;
      await this.#simulation.host.run(this.#built.drift);
      before = await this.#dump();
      await this.#forgetCalls();
    };
    await this.#forgetCalls();
    const recording = new Recording(this.#simulation.host, 'apply');
    let applied: Ended;
    if (saved) {
      await drift();
      applied = await this.#plimsoll(recording, ['apply', this.#plan, '--yes', '--output', 'json']);
    } else {
      applied = await this.#plimsoll(recording, ['apply', this.#playbook, '--output', 'json'], drift);
    }
    const shown = saved ? printed : printedIn(applied.shown);
    await this.#compared('apply', shown, recording, applied);
    if (applied.code === 5) {
      if (this.#built.drift === undefined)
        this.#wrong.push(`drift although nobody has changed anything: ${errorsIn(applied)}`);
      const began = recording.sent.some(({ kind }) => kind === 'intent');
      // What was uncertain is compared only when its turn has come.
      if (!began || (saved && printed.every(({ certain }) => certain)))
        await this.#untouched('drift', before, recording);
      return began ? 'drifted later' : 'drifted';
    }
    if (applied.code !== 0) {
      const intents = recording.sent.some(({ kind }) => kind === 'intent');
      if (!intents) await this.#untouched('nothing was begun', before, recording);
      return `${applied.code === 4 ? 'refused' : `failed (${String(applied.code)})`}${intents ? ' later' : ''}: ${errorsIn(applied)}`;
    }
    if (this.#built.drift === undefined) {
      if (!saved && preview.code === 0) this.#sameTwice(printed, shown);
      await this.#again();
      // What a daemon starts when it is restarted, as was said beforehand, nobody stops again.
      if (!applied.text.includes('may be started by the daemon when it starts')) await this.#back(recording, before);
    }
    const did = recording.sent.some(({ kind }) => kind === 'intent');
    return did ? 'done' : 'nothing to do';
  }

  /** A preview changes nothing, and prints what its plan holds. */
  async #previewed(start: Dump): Promise<Ended> {
    await this.#forgetCalls();
    const recording = new Recording(this.#simulation.host, 'plan');
    const preview = await this.#plimsoll(recording, ['plan', this.#playbook, '-o', this.#plan, '--output', 'json']);
    if (preview.code === 2) this.#wrong.push(`the playbook is not accepted: ${oneLine(preview.text, 400)}`);
    this.#wrong.push(...wronglyPrinted(printedIn(preview.events)));
    await this.#untouched('the preview', start, recording);
    return preview;
  }

  async #untouched(what: string, before: Dump, recording: Recording): Promise<void> {
    const sent = recording.sent.filter((one) => one.kind === 'work' || one.kind === 'intent');
    if (sent.length > 0) this.#wrong.push(`${what}: something was begun`);
    this.#wrong.push(...differences(before, await this.#dump()).map((line) => `${what}: ${line}`));
    this.#wrong.push(...(await this.#strayCalls()).map((line) => `${what}: ${line}`));
  }

  /** What is called without being work must only read. */
  async #strayCalls(): Promise<readonly string[]> {
    const calls = await toolCallsIn(join(this.#simulation.host.directory, 'state/calls'), this.#untold);
    return calls
      .filter((call) => call.work === '-' && changes(call))
      .map(({ argv }) => `was called outside of any work: ${oneLine(argv.join(' '))}`);
  }

  async #compared(what: string, printed: readonly Printed[], recording: Recording, ended: Ended): Promise<void> {
    for (const one of recording.sent) if (one.kind === 'intent') this.#changed.add(one.intent.operation);
    const wrong = await differencesFrom({
      printed,
      sent: recording.sent,
      calls: async (work) => callsIn(recording.fileOf(work), this.#untold),
      // What comes after a failure in a block, or in a step that may fail, is left out.
      whole:
        ended.code === 0 &&
        !ended.events.some(({ type }) => type === 'rescue.started') &&
        !recording.sent.some((one) => one.kind === 'outcome' && one.failed),
    });
    // What is waited for is asked by a program of the operator's, which is no work.
    const waits = recording.sent.some(
      (one) => one.kind === 'intent' && one.intent.change.actions.some(({ kind }) => kind === 'wait-until'),
    );
    const stray = waits ? [] : await this.#strayCalls();
    this.#wrong.push(...[...wrong, ...stray].map((line) => `${what}: ${line}`));
    for (const found of ended.text.matchAll(/sim: [^"\\\n]{0,120}/g)) this.#unsupported.add(found[0]);
    if (this.#unsupported.size > 0) return;
    for (const event of ended.events) {
      if (event.type !== 'host.finished' || event.error === undefined) continue;
      const { code, message } = event.error;
      const asked = code === 'action-failed' && (event.step ?? '').endsWith(' fails');
      // An earlier step has used the name while the daemon ran: Docker's own bug, which is told of by its number.
      if (message.includes('moby#43891')) continue;
      const unforeseen =
        code === 'internal' ||
        code === 'verification-failed' ||
        code === 'outcome-unknown' ||
        (code === 'action-failed' && this.#built.drift === undefined);
      if (unforeseen && !asked) this.#wrong.push(`${what}: ${code}: ${oneLine(message, 500)}`);
    }
    if (ended.code === 7) this.#wrong.push(`${what}: an internal error: ${oneLine(ended.text, 500)}`);
  }

  /** The preview of plan and the one of apply are of the same host. */
  #sameTwice(first: readonly Printed[], second: readonly Printed[]): void {
    const text = (printed: readonly Printed[]): string =>
      JSON.stringify(printed.map(({ step, certain, change: { actions } }) => [step, certain, actions]))
        .replaceAll(/\d{8}T\d{6}Z/g, 'TIME')
        .replaceAll(/\b1[78]\d{8}\b/g, 'SECONDS');
    const [was, is] = [text(first), text(second)];
    if (was === is) return;
    this.#wrong.push(`two previews of the same host differ: ${firstDifference(was, is)}`);
  }

  /** After the whole there is nothing left to do, of what is a state. */
  async #again(): Promise<void> {
    const states = this.#built.playbook.steps.flatMap(namesIn).filter((name) => /^\d+ \w+$/.test(name));
    const desired = states.filter((name) => operations.get(name.split(' ')[1] ?? '')?.repeats === false);
    const [only] = desired;
    if (desired.length !== 1 || only === undefined || states.length !== 1 || !this.#built.settledAfter.has(only))
      return;
    this.#tried.push('noop');
    const { events, code } = await this.#plimsoll(undefined, ['plan', this.#playbook, '--output', 'json']);
    for (const event of events) {
      if (event.type !== 'step.planned' || event.step !== only || event.outcome === 'noop' || event.outcome === 'maybe')
        continue;
      this.#wrong.push(
        `after it was applied it is not noop: ${only} is ${event.outcome} (exit status ${String(code)}): ${event.reason ?? event.changes.map(({ summary }) => summary).join('; ')}`,
      );
    }
  }

  /** What can be taken back is, to what it was; and only as the preview of that says. */
  async #back(applied: Recording, before: Dump): Promise<void> {
    const intents = applied.sent.flatMap((one) => (one.kind === 'intent' ? [one.intent] : []));
    if (intents.length === 0 || intents.some(({ change }) => change.undo === 'irreversible')) return;
    this.#tried.push('rollback');
    await this.#forgetCalls();
    const recording = new Recording(this.#simulation.host, 'rollback');
    const [run = ''] = (await readdir(join(this.#simulation.directory, 'state/plimsoll/runs'))).toSorted().toReversed();
    const ended = await this.#plimsoll(recording, ['rollback', run, '--output', 'json'], () => Promise.resolve());
    await this.#compared('rollback', printedIn(ended.shown), recording, ended);
    if (this.#unsupported.size > 0) return;
    if (ended.code !== 0) {
      this.#wrong.push(`rollback ended with ${String(ended.code)}: ${errorsIn(ended)}`);
      return;
    }
    const trimmed = intents.some(({ operation }) => operation === 'trim_rootfs');
    const [was, is] = [whatIsTakenBack(before, trimmed), whatIsTakenBack(await this.#dump(), trimmed)];
    const started = JSON.stringify(intents).includes('docker stop') ? asLongAsDockerKnows(was, is) : was;
    this.#wrong.push(...differences(started, is).map((line) => `after the rollback ${line}`));
  }

  readonly #untold = (text: string): string =>
    text
      .replaceAll(`${this.#simulation.host.directory}/root`, '')
      .replaceAll(`${this.#simulation.host.standIns}/bin_sh`, '/bin/sh');

  #dump(): Promise<Dump> {
    return dumpHost(this.#simulation.host, this.#places);
  }

  async #forgetCalls(): Promise<void> {
    await writeFile(join(this.#simulation.host.directory, 'state/calls'), '');
  }

  /** The program as main.ts runs it, in this process. Somebody who is asked agrees, after `meanwhile`. */
  async #plimsoll(
    recording: Recording | undefined,
    args: readonly string[],
    meanwhile?: () => Promise<void>,
  ): Promise<Ended> {
    const { directory, transport, inventory } = this.#simulation;
    const { text, screen } = keptScreens();
    let shownUntil: number | undefined;
    const world: World = {
      io: nodeConfigIo({ HOME: directory }),
      out: screen('out'),
      err: screen('err'),
      interrupts: new Interrupts(),
      who: 'somebody@laptop',
      agentSocket: undefined,
      stateDirectory: join(directory, 'state/plimsoll'),
      interactive: meanwhile !== undefined,
      ask: async () => {
        shownUntil ??= text.out.length;
        await meanwhile?.();
        return 'yes';
      },
      wrapTransport: (made) => {
        const own = transport ?? made;
        return recording === undefined ? own : recording.transport(own);
      },
      ...(recording === undefined ? {} : { wrapJournal: recording.journal }),
    };
    const consent = args[0] === 'plan' || args[0] === 'apply' ? ['--allow-read-only-programs'] : [];
    const code = await program(world)
      .run([...args, ...consent, '-i', inventory])
      .catch((thrown: unknown) => {
        const error = toAppError(thrown);
        reportError(world, error, true);
        return exitCodeOfError(error.code);
      });
    this.#show?.(`${args.join(' ')} => ${String(code)}
${text.out}${text.err}`);
    return {
      code,
      events: eventsIn(text.out),
      shown: eventsIn(text.out.slice(0, shownUntil ?? text.out.length)),
      text: text.out + text.err,
    };
  }
}

function eventsIn(text: string): readonly RunEvent[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as RunEvent);
}

function errorsIn({ events, text }: Ended): string {
  const errors = events.flatMap((event) =>
    event.type === 'host.finished' && event.error !== undefined ? [`${event.error.code}: ${event.error.message}`] : [],
  );
  return oneLine(errors.join('; ') || text, 400);
}

/** Nobody's backups are; nor are blocks that nothing uses put back where a trimming has taken them. */
function whatIsTakenBack(dump: Dump, trimmed: boolean): Dump {
  const left = trimmed ? /^files\/kept|^state\/thin\/\d+\/(?:blocks|removed)$/ : /^files\/kept/;
  return Object.fromEntries(Object.entries(dump).filter(([name]) => !left.test(name)));
}

function namesIn(node: object): readonly string[] {
  const inner = ['block', 'rescue', 'always'].flatMap((key): readonly object[] =>
    key in node ? ((node as Record<string, readonly object[]>)[key] ?? []) : [],
  );
  return [
    ...('name' in node && typeof node.name === 'string' && inner.length === 0 ? [node.name] : []),
    ...inner.flatMap(namesIn),
  ];
}

/** A device that somebody has made longer is as long as Docker knows, once its container was stopped and is started again. */
function asLongAsDockerKnows(was: Dump, is: Dump): Dump {
  const sectors = (table: string | undefined): number =>
    Number(/^ ?\d+ (\d+) thin /.exec(table ?? '')?.[1] ?? Number.NaN);
  const shorter = Object.entries(is).filter(
    ([name, table]) => /^state\/dm\/[^/]+\/table$/.test(name) && sectors(table) < sectors(was[name]),
  );
  return { ...was, ...Object.fromEntries(shorter) };
}
