import type { HostStatus } from '../../errors.ts';
import type { RunEvent, ShownError } from '../../run/report/event.ts';
import type { RunMode } from '../../run/report/recap.ts';
import { wordsOf } from '../mode-words.ts';
import { progressText } from './amount.ts';
import { Stalls } from './stalls.ts';

/** What one connected host is doing now. */
export interface Activity {
  readonly host: string;
  readonly doing: string;
  /** The last line that its commands printed, or the last text that was written into it, as it came. */
  readonly output?: string;
  /** That line, as long as it has not ended: what is printed next belongs to it. */
  readonly open?: { readonly stream: 'stdout' | 'stderr'; readonly text: string };
  /** How far a part of it is. */
  readonly progress?: string;
}

export interface Failure {
  readonly host: string;
  readonly status: HostStatus;
  readonly step?: string;
  readonly error?: ShownError;
}

const keptFailures = 20;
const longestOutput = 1000;

/** Where a run stands, made from its events: a fixed amount of work for each, however many hosts there are. */
export class Fleet {
  readonly playbook: string;
  readonly mode: RunMode;
  readonly runId: string;
  readonly total: number;
  readonly #connected = new Set<string>();
  readonly #planned = new Set<string>();
  readonly #ended = new Set<string>();
  readonly #finished = new Map<HostStatus, number>();
  // Maps and sets keep the order in which hosts came, so that a line stays where it is on the screen.
  readonly #reading = new Map<string, Activity>();
  readonly #running = new Map<string, Activity>();
  /** Planned, and not at work: until their wave, or their next step. */
  readonly #waiting = new Set<string>();
  /** Hosts that wait for a lock or for a connection, until their next event. */
  readonly stalls = new Stalls();
  readonly #failures: Failure[] = [];

  constructor(run: {
    readonly runId: string;
    readonly playbook: string;
    readonly mode: RunMode;
    readonly hosts: readonly string[];
  }) {
    this.runId = run.runId;
    this.playbook = run.playbook;
    this.mode = run.mode;
    this.total = run.hosts.length;
  }

  get connected(): number {
    return this.#connected.size;
  }

  get planned(): number {
    return this.#planned.size;
  }

  get running(): number {
    return this.#running.size;
  }

  /** Hosts that have ended, by how. */
  get finished(): ReadonlyMap<HostStatus, number> {
    return this.#finished;
  }

  get finishedTotal(): number {
    return this.#ended.size;
  }

  /** The most recent ones, the newest last. */
  get failures(): readonly Failure[] {
    return this.#failures;
  }

  /** Hosts that are planned and wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Hosts at work: those that change something first, then those that are only read. */
  get active(): number {
    let stalled = 0;
    for (const host of this.stalls.hosts()) if (this.#running.has(host) || this.#reading.has(host)) stalled += 1;
    return this.#running.size + this.#reading.size - stalled;
  }

  *activities(): Generator<Activity> {
    for (const group of [this.#running, this.#reading]) {
      for (const activity of group.values()) if (!this.stalls.has(activity.host)) yield activity;
    }
  }

  apply(event: RunEvent): void {
    // What a host still prints after its end must not bring it back.
    if ('host' in event) {
      if (this.#ended.has(event.host)) return;
      if (event.type !== 'host.waiting') this.stalls.delete(event.host);
    }
    switch (event.type) {
      case 'host.connected':
        this.#connected.add(event.host);
        // A connection that is made again does not end what goes on there.
        if (!this.#running.has(event.host)) this.#note(event.host, 'connected');
        return;
      case 'facts.read':
        this.#note(event.host, event.step);
        return;
      case 'step.planned':
        this.#planned.add(event.host);
        this.#reading.delete(event.host);
        this.#waiting.add(event.host);
        return;
      case 'host.waiting':
        this.#waiting.delete(event.host);
        this.stalls.set(event.host, event.reason);
        return;
      case 'change.started':
        this.#start(event.host, `${wordsOf(this.mode).doing}${event.step}: ${event.summary}`);
        return;
      case 'action.output':
        this.#print(event.host, event.stream, event.text);
        return;
      case 'action.progress':
        this.#measure(event);
        return;
      case 'rescue.started':
        this.#start(event.host, `rescuing ${event.step}`);
        return;
      case 'rollback.started':
        this.#start(event.host, `rolling back ${event.step}`);
        return;
      case 'change.applied':
      case 'step.verified':
        this.#note(event.host, event.step);
        return;
      case 'host.finished':
        this.#finish(event);
        return;
      case 'run.started':
      case 'secret.command':
      case 'ssh.command':
      case 'laptop.reads':
      case 'host.reads':
      case 'host.warned':
      case 'run.finished':
        return;
    }
  }

  #start(host: string, doing: string): void {
    this.#reading.delete(host);
    this.#waiting.delete(host);
    this.#running.set(host, { host, doing });
  }

  #note(host: string, doing: string): void {
    this.#waiting.delete(host);
    (this.#running.has(host) ? this.#running : this.#reading).set(host, { host, doing });
  }

  #print(host: string, stream: 'stdout' | 'stderr', text: string): void {
    const group = this.#running.has(host) ? this.#running : this.#reading;
    const { doing, output, open, progress } = group.get(host) ?? { host, doing: '' };
    const lines = `${open?.stream === stream ? open.text : ''}${text}`.split(/[\r\n]/);
    const shown = lines.findLast((each) => each.trim() !== '')?.slice(0, longestOutput) ?? output;
    this.#waiting.delete(host);
    group.set(host, {
      host,
      doing,
      open: { stream, text: lines.at(-1)?.slice(0, longestOutput) ?? '' },
      ...(shown === undefined ? {} : { output: shown }),
      ...(progress === undefined ? {} : { progress }),
    });
  }

  #measure(event: RunEvent & { type: 'action.progress' }): void {
    const group = this.#running.has(event.host) ? this.#running : this.#reading;
    const { progress: _before, ...activity } = group.get(event.host) ?? { host: event.host, doing: event.step };
    this.#waiting.delete(event.host);
    group.set(event.host, event.ended === true ? activity : { ...activity, progress: progressText(event) });
  }

  #finish(failure: Failure): void {
    const { host, status } = failure;
    this.#reading.delete(host);
    this.#waiting.delete(host);
    this.#running.delete(host);
    this.#ended.add(host);
    this.#finished.set(status, (this.#finished.get(status) ?? 0) + 1);
    if (status === 'ok' || status === 'changed') return;
    this.#failures.push(failure);
    if (this.#failures.length > keptFailures) this.#failures.shift();
  }
}
