import { isIPv6 } from 'node:net';

/** Why a name of an inventory stands for no hosts. */
export class HostPatternMistake extends Error {}

export interface HostPattern {
  readonly names: readonly string[];
  readonly port?: number;
}

const maxHosts = 65_536;
const range = String.raw`\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const label = String.raw`(?:[\p{L}\p{N}_]|${range})(?:[\p{L}\p{N}_-]|${range})*(?<![_-])`;
const hostname = new RegExp(String.raw`^${label}(?:\.${label})*$`, 'iu');
const hex = String.raw`(?:[0-9a-f]{1,4}|\[[0-9a-f]+:[0-9a-f]+(?::[0-9]+)?\])`;
/** What may be an IPv6 address once its ranges are expanded. */
const ipv6 = new RegExp(String.raw`^(?=.*:.*:)(?:${hex}|:|\.)+$`, 'i');

/** A host of an inventory file: a name, an address, either with ranges, and perhaps with a port. */
export function hostPattern(text: string): HostPattern {
  // Nearly every one is just a name.
  if (/^[A-Za-z0-9._-]+$/.test(text)) return { names: [text] };
  const { name, port } = withPort(text);
  const names = name.includes('[') ? expanded(name) : [name];
  if (text.trim().endsWith(':') && port === undefined)
    throw new HostPatternMistake(`"${text}" ends with a colon: a port is missing after it`);
  return { names, ...(port === undefined ? {} : { port }) };
}

/** A colon and digits are a port only behind what can be an address or a name; otherwise all of it is a name. */
function withPort(text: string): { readonly name: string; readonly port?: number } {
  const found = /^\[(.+)\]:([0-9]+)$/.exec(text) ?? /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/.exec(text);
  const name = found?.[1] ?? text;
  if (!hostname.test(name) && !isAddress(name)) return { name: text };
  return found?.[2] === undefined ? { name } : { name, port: Number(found[2]) };
}

function isAddress(text: string): boolean {
  return isIPv6(text) || (text.includes('[') && ipv6.test(text));
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function expanded(text: string): readonly string[] {
  const [head = '', inside, ...rest] = split(text);
  if (inside === undefined) return [text];
  const tail = rest.join('');
  const values = valuesOf(text, inside);
  const names: string[] = [];
  for (const value of values) {
    const name = head + value + tail;
    names.push(...(name.includes('[') ? expanded(name) : [name]));
    if (names.length > maxHosts)
      throw new HostPatternMistake(`"${text}" stands for more than ${String(maxHosts)} hosts`);
  }
  return names;
}

function split(text: string): readonly string[] {
  const open = text.indexOf('[');
  const close = text.indexOf(']', open);
  if (close === -1) throw new HostPatternMistake(`"${text}": a range is not closed with "]"`);
  return [text.slice(0, open), text.slice(open + 1, close), text.slice(close + 1)];
}

function valuesOf(text: string, inside: string): readonly string[] {
  const bounds = inside.split(':');
  const [from = '', to = '', steps = '1'] = bounds;
  const complain = (why: string): HostPatternMistake =>
    new HostPatternMistake(`"${text}": the range [${inside}] ${why}`);
  if (bounds.length !== 2 && bounds.length !== 3) throw complain('is to be [BEGIN:END] or [BEGIN:END:STEP]');
  if (to === '') throw complain('has no end');
  const begin = from === '' ? '0' : from;
  const padded = begin.length > 1 && begin.startsWith('0');
  if (padded && begin.length !== to.length) throw complain('begins with a zero, and its bounds have different widths');
  const step = Number(steps);
  if (!/^[0-9]+$/.test(steps) || step < 1) throw complain('has a step that is no number above zero');
  if (/^[A-Za-z]$/.test(begin) && /^[A-Za-z]$/.test(to)) {
    const [first, last] = [letters.indexOf(begin), letters.indexOf(to)];
    if (first > last) throw complain('runs backwards: write the smaller bound first');
    return [...letters.slice(first, last + 1)].filter((_, index) => index % step === 0);
  }
  if (!/^[0-9]+$/.test(begin) || !/^[0-9]+$/.test(to))
    throw complain('has bounds that are neither numbers nor letters');
  const [first, last] = [Number(begin), Number(to)];
  // Ansible makes no host of such a range, and says nothing.
  if (first > last) throw complain('runs backwards: write the smaller bound first');
  if ((last - first) / step >= maxHosts) throw complain(`stands for more than ${String(maxHosts)} hosts`);
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) =>
    String(first + index * step).padStart(padded ? begin.length : 0, '0'),
  );
}
