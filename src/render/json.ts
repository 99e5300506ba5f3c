import type { StampedEvent } from '../run/event.ts';
import type { Renderer, Screen } from './renderer.ts';

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

/** `v`, `seq`, `at` and `type` come first, whatever the order in which the event was put together. */
export function eventLine({ v, seq, at, type, ...rest }: StampedEvent): string {
  return JSON.stringify({ v, seq, at, type, ...rest }).replaceAll(unsafe, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * What JSON allows in a string but a reader may not survive: C1 controls (a terminal obeys them), the
 * line separators (some tools break a line there), and what reorders a line. `JSON.stringify` has
 * escaped C0 controls and lone surrogates already. None of these can stand outside a string.
 */
const unsafe = /[\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
