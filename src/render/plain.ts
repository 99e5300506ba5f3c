import type { Plan } from '../plan/plan.ts';
import type { RunEvent, StampedEvent } from '../run/event.ts';
import type { RunResult } from '../run/recap.ts';
import { Fleet } from './fleet.ts';
import { type Line, line, paint } from './line.ts';
import { planView } from './plan-view.ts';
import { recapView } from './recap-view.ts';
import type { Renderer, Screen } from './renderer.ts';
import { count, duration, withoutName } from './words.ts';

const widestName = 32;
const longestOutputLine = 2000;
/** Up to this many hosts each connection is worth a line; beyond, only every tenth of them. */
const smallFleet = 10;

/** A line for each noteworthy event, for logs and pipes: no cursor movement, nothing rewritten. */
export class PlainRenderer implements Renderer {
  readonly #screen: Screen;
  readonly #verbose: boolean;
  #fleet = new Fleet({ playbook: '', mode: 'plan', hosts: [] });
  #nameWidth = 0;
  #planShown = false;

  constructor(screen: Screen, options: { readonly verbose: boolean }) {
    this.#screen = screen;
    this.#verbose = options.verbose;
  }

  event(event: StampedEvent): void {
    if (event.type === 'run.started') {
      this.#fleet = new Fleet(event);
      this.#nameWidth = Math.min(widestName, Math.max(0, ...event.hosts.map((host) => host.length)));
    }
    this.#fleet.apply(event);
    this.#print([...this.#linesOf(event), ...this.#progress(event)]);
  }

  plan(plan: Plan): void {
    this.#planShown = true;
    this.#print([line(''), ...planView(plan, { verbose: this.#verbose })]);
  }

  recap(result: RunResult): void {
    this.#print([line(''), ...recapView(result, { verbose: this.#verbose, planShown: this.#planShown })]);
  }

  close(): void {
    // Nothing is held.
  }

  #linesOf(event: RunEvent): readonly Line[] {
    switch (event.type) {
      case 'run.started':
        return [line(`${event.mode} ${event.playbook}: ${count(event.hosts.length, 'host')} (run ${event.runId})`, 'strong')];
      case 'host.connected':
        return this.#verbose || this.#fleet.total <= smallFleet ? this.#of(event.host, `connected as ${event.runsAs}, host key ${event.hostKey}`, 'faint') : [];
      case 'facts.read':
        return this.#verbose ? this.#of(event.host, `${event.step}: read ${event.facts.join(', ')}`, 'faint') : [];
      case 'step.planned':
        return this.#planned(event);
      case 'change.started':
        return this.#of(event.host, `~ ${event.step}: ${event.summary} …`, 'change');
      case 'action.output':
        return outputLines(event.text).flatMap((text) => this.#of(event.host, `  ${text}`, 'faint'));
      case 'change.applied':
        return this.#of(event.host, `✓ ${event.step}: ${event.summary} (${duration(event.seconds)})`, 'good');
      case 'step.verified':
        return this.#verbose ? this.#of(event.host, `✓ ${event.step}: verified`, 'good') : [];
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
    if (good) return this.#fleet.mode === 'apply' || this.#verbose ? this.#of(event.host, event.status, event.status === 'ok' ? 'plain' : 'good') : [];
    const at = event.step === undefined ? '' : ` at "${event.step}"`;
    const message = event.error === undefined ? '' : `: ${withoutName(event.error.message, event.host)}`;
    const hint = event.error?.hint ?? '';
    return [...this.#of(event.host, `${event.status}${at}${message}`, 'bad'), ...(hint === '' ? [] : this.#of(event.host, `  → ${hint}`))];
  }

  /** `connected 40 of 300`, at each tenth of a large fleet. */
  #progress(event: RunEvent): readonly Line[] {
    const total = this.#fleet.total;
    if (total <= smallFleet || (event.type !== 'host.connected' && event.type !== 'host.finished')) return [];
    const [verb, done] = event.type === 'host.connected' ? ['connected', this.#fleet.connected] : [this.#fleet.mode === 'plan' ? 'planned' : 'finished', this.#fleet.finishedTotal];
    const every = Math.ceil(total / 10);
    return done % every === 0 || done === total ? [line(`${verb} ${String(done)} of ${String(total)}`, 'faint')] : [];
  }

  /** Each line of a text carries its host's name, so that `grep` finds all of it. */
  #of(host: string, text: string, tone: Line['tone'] = 'plain'): readonly Line[] {
    return text.split('\n').map((part) => line(`${host.padEnd(this.#nameWidth)} | ${part}`, tone));
  }

  #print(lines: readonly Line[]): void {
    if (lines.length > 0) this.#screen.write(paint(lines, this.#screen.colour));
  }
}

function outputLines(text: string): readonly string[] {
  return text
    .replace(/\n$/, '')
    .split('\n')
    .map((each) => each.replace(/\r$/, ''))
    .map((each) => (each.length > longestOutputLine ? `${each.slice(0, longestOutputLine)}… (${String(each.length - longestOutputLine)} more characters)` : each));
}
