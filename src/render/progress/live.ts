import { Listr, type ListrRenderer } from 'listr2';
import type { Plan } from '../../plan/plan.ts';
import type { RunEvent, StampedEvent } from '../../run/report/event.ts';
import type { RunMode, RunResult } from '../../run/report/recap.ts';
import { Fleet } from './fleet.ts';
import type { Line } from '../line.ts';
import { planView } from '../plan/plan-view.ts';
import { Printer } from './printer.ts';
import { recapView } from '../recap/recap-view.ts';
import type { Renderer, Screen } from '../renderer.ts';
import { windowLines } from './window-lines.ts';
import { Window } from './window.ts';

const framesPerSecond = 10;

interface WindowOptions {
  readonly window: Window;
  /** The lines of the next frame; undefined when nothing has changed since the last one. */
  readonly frame: () => readonly Line[] | undefined;
}

/**
 * listr2's own renderer wraps every task again at each event, which starves the connections of a large
 * fleet. This one asks for a frame ten times a second and draws it when it is news.
 */
class WindowRenderer implements ListrRenderer {
  static readonly nonTTY = true;
  static rendererOptions: WindowOptions;
  static rendererTaskOptions: never;
  readonly #options: WindowOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(_tasks: unknown, options: WindowOptions) {
    this.#options = options;
  }

  render(): void {
    this.#draw();
    this.#timer = setInterval(() => {
      this.#draw();
    }, 1000 / framesPerSecond);
    this.#timer.unref();
  }

  end(): void {
    clearInterval(this.#timer);
    this.#options.window.close();
  }

  #draw(): void {
    const lines = this.#options.frame();
    if (lines !== undefined) this.#options.window.draw(lines);
  }
}

/** One showing of the window, from the first event to the plan, the recap or the end. */
interface Showing {
  /** Clears the window at once. */
  end(): void;
}

/** For terminals: a window that is redrawn while hosts work; the plan and the recap are printed and stay. */
export class LiveRenderer implements Renderer {
  readonly #screen: Screen;
  readonly #printer: Printer;
  readonly #verbose: boolean;
  #fleet: Fleet | undefined;
  #startedAt = 0;
  /** What the last frame showed; a frame that would show the same is not drawn. */
  #shown = '';
  #eventsSeen = 0;
  #showing: Showing | undefined;
  /** Work goes on, so the window is shown unless somebody holds the renderer. */
  #isWanted = false;
  #planShown = false;
  #closed = false;

  constructor(screen: Screen, options: { readonly verbose: boolean }) {
    this.#screen = screen;
    this.#printer = new Printer(screen);
    this.#verbose = options.verbose;
  }

  event(event: StampedEvent): void {
    if (event.type === 'run.started') {
      this.#fleet = new Fleet(event);
      this.#startedAt = Date.now();
    }
    if (this.#fleet === undefined) return;
    this.#fleet.apply(event);
    this.#eventsSeen += 1;
    if (event.type === 'run.finished') this.#endShowing();
    else if (opens(event)) this.#isWanted = true;
    this.#showWhenWanted();
  }

  plan(plan: Plan): void {
    this.#endShowing();
    this.#planShown = true;
    this.#printer.print(planView(plan, { verbose: this.#verbose, ...this.#runOfPlan() }));
  }

  recap(result: RunResult): void {
    this.#endShowing();
    this.#printer.print(recapView(result, { verbose: this.#verbose, planShown: this.#planShown }));
  }

  hold(): () => void {
    this.#hide();
    return this.#printer.hold(() => {
      this.#showWhenWanted();
    });
  }

  close(): void {
    this.#endShowing();
    this.#closed = true;
    this.#printer.close();
  }

  #runOfPlan(): { readonly mode?: RunMode; readonly runId?: string } {
    return this.#fleet === undefined ? {} : { mode: this.#fleet.mode, runId: this.#fleet.runId };
  }

  #showWhenWanted(): void {
    if (this.#fleet === undefined || !this.#isWanted || this.#closed || this.#printer.isHeld) return;
    this.#showing ??= this.#show(this.#fleet);
  }

  #show(fleet: Fleet): Showing {
    const window = new Window(this.#screen);
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    this.#shown = '';
    const listr = new Listr([{ title: fleet.mode, task: () => finished }], {
      renderer: WindowRenderer,
      rendererOptions: { window, frame: () => this.#frame() },
      // listr2's own listener would end the process at SIGINT, in the middle of whatever hosts do.
      registerSignalListeners: false,
    });
    // A window that cannot be drawn must not end the run that it shows.
    listr.run().catch(() => {
      window.close();
    });
    return {
      end: () => {
        window.close();
        finish();
      },
    };
  }

  #endShowing(): void {
    this.#isWanted = false;
    this.#hide();
  }

  #hide(): void {
    this.#showing?.end();
    this.#showing = undefined;
  }

  #frame(): readonly Line[] | undefined {
    const fleet = this.#fleet;
    if (fleet === undefined) return undefined;
    const seconds = Math.floor((Date.now() - this.#startedAt) / 1000);
    const size = { columns: this.#screen.columns, rows: this.#screen.rows };
    const news = [this.#eventsSeen, seconds, size.columns, size.rows].join(' ');
    if (news === this.#shown) return undefined;
    this.#shown = news;
    return windowLines(fleet, seconds, size);
  }
}

/** After the plan the operator is being asked: only what begins new work brings the window back. */
function opens(event: RunEvent): boolean {
  return (
    event.type === 'run.started' ||
    event.type === 'host.waiting' ||
    event.type === 'host.connected' ||
    event.type === 'step.planned' ||
    event.type === 'change.started' ||
    event.type === 'rescue.started' ||
    event.type === 'rollback.started'
  );
}
