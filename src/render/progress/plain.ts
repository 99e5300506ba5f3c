import type { Plan } from '../../plan/plan.ts';
import type { RunEvent, StampedEvent } from '../../run/report/event.ts';
import type { RunResult } from '../../run/report/recap.ts';
import { listed } from '../differences.ts';
import { progressText } from './amount.ts';
import { Fleet } from './fleet.ts';
import { impersonal } from '../impersonal.ts';
import { type Line, line } from '../line.ts';
import { runPhrase, statusWord, wordsOf } from '../mode-words.ts';
import { OutputLines } from './output-lines.ts';
import { planView } from '../plan/plan-view.ts';
import { Printer } from './printer.ts';
import { ProgressLines } from './progress-lines.ts';
import { recapView } from '../recap/recap-view.ts';
import type { Renderer, Screen } from '../renderer.ts';
import { count, duration, withoutName } from '../words.ts';

const widestName = 32;
const longestOutputLine = 2000;
/** Up to this many hosts each connection is worth a line; beyond, only every tenth of them. */
const smallFleet = 10;

/** A line for each noteworthy event, for logs and pipes: no cursor movement, nothing rewritten. */
export class PlainRenderer implements Renderer {
  readonly #printer: Printer;
  readonly #verbose: boolean;
  #fleet = new Fleet({ runId: '', playbook: '', mode: 'plan', hosts: [] });
  readonly #output = new OutputLines();
  readonly #due = new ProgressLines();
  /** Why hosts have waited so far, without what is only one host's own. */
  readonly #reasons = new Set<string>();
  #nameWidth = 0;
  #planShown = false;

  constructor(screen: Screen, options: { readonly verbose: boolean }) {
    this.#printer = new Printer(screen);
    this.#verbose = options.verbose;
  }

  event(event: StampedEvent): void {
    if (event.type === 'run.started') {
      this.#fleet = new Fleet(event);
      this.#nameWidth = event.hosts.reduce((width, { length }) => Math.min(widestName, Math.max(width, length)), 0);
    }
    if (event.type === 'action.output') {
      this.#fleet.apply(event);
      const lines = this.#output.add(event.host, event.stream, event.text, Date.parse(event.at));
      this.#printer.print(this.#outputLines(event.host, lines), true);
      return;
    }
    if (event.type === 'action.progress') {
      this.#fleet.apply(event);
      if (this.#due.isDue(event, Date.parse(event.at), this.#fleet.total <= smallFleet))
        this.#printer.print(this.#of(event.host, `  ${progressText(event)}`, 'faint'), true);
      return;
    }
    // A connection that is made again goes on with the same output, and each attempt at it says the same.
    if (event.type === 'host.waiting' && this.#fleet.stalls.reasonOf(event.host) === event.reason) return;
    if (event.type !== 'host.waiting' && event.type !== 'host.connected')
      this.#endOutput('host' in event ? [event.host] : this.#output.hosts);
    const before = this.#counted(event)?.done;
    this.#fleet.apply(event);
    this.#printer.print([...this.#linesOf(event), ...this.#progress(event, before)]);
  }

  plan(plan: Plan): void {
    this.#planShown = true;
    const { mode, runId } = this.#fleet;
    this.#printer.print([line(''), ...planView(plan, { verbose: this.#verbose, mode, runId })]);
  }

  recap(result: RunResult): void {
    this.#endOutput(this.#output.hosts);
    this.#printer.print([line(''), ...recapView(result, { verbose: this.#verbose, planShown: this.#planShown })]);
  }

  hold(): () => void {
    return this.#printer.hold(() => undefined);
  }

  close(): void {
    this.#endOutput(this.#output.hosts);
    this.#printer.close();
  }

  #linesOf(event: Exclude<RunEvent, { type: 'action.output' | 'action.progress' }>): readonly Line[] {
    switch (event.type) {
      case 'run.started':
        return [
          line(
            `${event.mode} ${event.playbook}: ${count(event.hosts.length, 'host')} (${runPhrase(event.mode, event.runId)})`,
            'strong',
          ),
        ];
      // It has been said on standard error, before it was run.
      case 'secret.command':
      case 'ssh.command':
      case 'laptop.reads':
      case 'host.reads':
        return [];
      case 'host.connected':
        return this.#verbose || this.#fleet.total <= smallFleet
          ? this.#of(event.host, `connected as ${event.runsAs}, host key ${event.hostKey}`, 'faint')
          : [];
      case 'host.warned':
        return this.#of(event.host, `! ${event.message}`, 'caution');
      case 'facts.read':
        return this.#verbose ? this.#of(event.host, `${event.step}: read ${event.facts.join(', ')}`, 'faint') : [];
      case 'step.planned':
        return this.#planned(event);
      case 'change.started':
        return this.#of(event.host, `~ ${wordsOf(this.#fleet.mode).doing}${event.step}: ${event.summary} …`, 'change');
      case 'host.waiting':
        return this.#waiting(event);
      case 'change.applied':
        return this.#of(
          event.host,
          `✓ ${wordsOf(this.#fleet.mode).done}${event.step}: ${event.summary} (${duration(event.seconds)})`,
          'good',
        );
      case 'step.verified':
        return this.#verbose ? this.#of(event.host, `✓ ${event.step}: verified`, 'good') : [];
      case 'rescue.started':
        return this.#of(event.host, `! ${event.step}: rescuing: ${event.reason}`, 'caution');
      case 'rollback.started':
        return this.#of(event.host, `! ${event.step}: rolling back: ${event.reason}`, 'caution');
      case 'host.finished':
        return this.#finished(event);
      case 'run.finished':
        return [];
    }
  }

  /** The plan view says it all later; while applying, only what stops a host is news. */
  #planned(event: RunEvent & { type: 'step.planned' }): readonly Line[] {
    const reason = event.reason === undefined ? '' : `: ${event.reason}`;
    if (event.outcome === 'refused') return this.#of(event.host, `! ${event.step}: refused${reason}`, 'bad');
    return this.#verbose ? this.#of(event.host, `${event.step}: planned, ${event.outcome}${reason}`, 'faint') : [];
  }

  #finished(event: RunEvent & { type: 'host.finished' }): readonly Line[] {
    const good = event.status === 'ok' || event.status === 'changed';
    if (good)
      return this.#fleet.mode !== 'plan' || this.#verbose
        ? this.#of(event.host, statusWord(event.status, this.#fleet.mode), event.status === 'ok' ? 'plain' : 'good')
        : [];
    const at = event.step === undefined ? '' : ` at "${event.step}"`;
    const message = event.error === undefined ? '' : withoutName(event.error.message, event.host);
    const hint = event.error?.hint ?? '';
    const { heading, items } = event.status === 'drifted' ? listed(message) : { heading: message, items: [] };
    const text = [
      `${event.status}${at}${heading === '' ? '' : `: ${heading}`}`,
      ...items.map((item) => `  - ${item}`),
    ].join('\n');
    return [...this.#of(event.host, text, 'bad'), ...(hint === '' ? [] : this.#of(event.host, `  → ${hint}`))];
  }

  /** In a large fleet the first host that waits for something is named; the others are counted. */
  #waiting({ host, reason }: RunEvent & { type: 'host.waiting' }): readonly Line[] {
    const shared = impersonal(reason, host);
    const isNew = !this.#reasons.has(shared);
    this.#reasons.add(shared);
    const isNamed = this.#verbose || this.#fleet.total <= smallFleet || isNew;
    return isNamed ? this.#of(host, `… ${reason}`, 'caution') : [];
  }

  /** `connected 40 of 300`, at each tenth of a large fleet. */
  #progress(event: RunEvent, before: number | undefined): readonly Line[] {
    const total = this.#fleet.total;
    const counted = this.#counted(event);
    if (total <= smallFleet || counted === undefined || counted.done === before) return [];
    const { verb, done } = counted;
    return done % Math.ceil(total / 10) === 0 || done === total
      ? [line(`${verb} ${String(done)} of ${String(total)}`, 'faint')]
      : [];
  }

  #counted({ type }: RunEvent): { readonly verb: string; readonly done: number } | undefined {
    if (type === 'host.connected') return { verb: 'connected', done: this.#fleet.connected };
    if (type === 'host.finished')
      return { verb: this.#fleet.mode === 'plan' ? 'planned' : 'finished', done: this.#fleet.finishedTotal };
    return type === 'host.waiting' ? { verb: 'waiting', done: this.#fleet.stalls.size } : undefined;
  }

  #endOutput(hosts: readonly string[]): void {
    for (const host of hosts) this.#printer.print(this.#outputLines(host, this.#output.end(host)), true);
  }

  #outputLines(host: string, lines: readonly string[]): readonly Line[] {
    return lines.flatMap((text) => this.#of(host, `  ${bounded(text)}`, 'faint'));
  }

  /** Each line of a text carries its host's name, so that `grep` finds all of it. */
  #of(host: string, text: string, tone: Line['tone'] = 'plain'): readonly Line[] {
    return text.split('\n').map((part) => line(`${host.padEnd(this.#nameWidth)} | ${part}`, tone));
  }
}

function bounded(text: string): string {
  return text.length > longestOutputLine
    ? `${text.slice(0, longestOutputLine)}… (${String(text.length - longestOutputLine)} more characters)`
    : text;
}
