import picocolors from 'picocolors';
import { neutralise } from '../values/terminal.ts';

/** What a line says to the eye; without colour it must be readable from its text alone. */
export type Tone = 'plain' | 'strong' | 'good' | 'change' | 'caution' | 'bad' | 'faint' | 'idle';

/** One line for people, before colour. Its text may hold anything: `paint` makes it harmless. */
export interface Line {
  readonly text: string;
  readonly tone: Tone;
}

export function line(text: string, tone: Tone = 'plain'): Line {
  return { text, tone };
}

/** Lines as text for a terminal or a file, each ended by a line feed. */
export function paint(lines: readonly Line[], colour: boolean): string {
  const tint = painter(colour);
  return lines.map(({ text, tone }) => `${tint(harmless(text), tone)}\n`).join('');
}

/** Colours a text that is harmless already. */
export function painter(colour: boolean): (text: string, tone: Tone) => string {
  return colour ? coloured : plain;
}

const plain = painterWith(false);
const coloured = painterWith(true);

function painterWith(colour: boolean): (text: string, tone: Tone) => string {
  const colours = picocolors.createColors(colour);
  const byTone: Readonly<Record<Tone, (text: string) => string>> = {
    plain: (text) => text,
    strong: colours.bold,
    good: colours.green,
    change: colours.cyan,
    caution: colours.yellow,
    bad: colours.red,
    faint: colours.dim,
    idle: (text) => colours.dim(colours.yellow(text)),
  };
  return (text, tone) => byTone[tone](text);
}

/**
 * A line feed inside a text came from outside (a host's message): what follows it is indented, so that
 * it cannot pass for a line of our own.
 */
function harmless(text: string): string {
  const [first = '', ...rest] = neutralise(text).split('\n');
  if (rest.length === 0) return first;
  const indent = `${/^ */.exec(first)?.[0] ?? ''}  `;
  return [first, ...rest.map((part) => `${indent}${part}`)].join('\n');
}
