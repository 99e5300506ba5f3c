import type { StampedEvent } from '../../run/report/event.ts';
import { visibleJson } from '../../values/json.ts';
import type { Renderer, Screen } from '../renderer.ts';

/** One JSON object a line: exactly the events, and nothing else. */
export function jsonRenderer(screen: Screen): Renderer {
  return {
    event: (event) => {
      screen.write(`${eventLine(event)}\n`);
    },
    plan: () => undefined,
    // A question is asked on standard error: nothing here is in its way.
    hold: () => () => undefined,
    recap: () => undefined,
    close: () => undefined,
  };
}

/**
 * `v`, `seq`, `at` and `type` come first, whatever the order in which the event was put together. What JSON allows in a
 * string but a terminal would obey, or a tool would break a line at, is escaped.
 */
export function eventLine({ v, seq, at, type, ...rest }: StampedEvent): string {
  return visibleJson({ v, seq, at, type, ...rest });
}
