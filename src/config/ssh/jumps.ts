import type { Jump } from '../model/types.ts';

/** What can be a destination of ssh: no white space, no leading dash, nothing that a shell or ssh reads otherwise. */
const hostName = /^[\p{L}\p{N}_.:][\p{L}\p{N}_.:%-]*$/u;
const userName = /^[\p{L}\p{N}_.][\p{L}\p{N}_.@$+\\-]*$/u;

/** Whether `ssh -- NAME` means a host by this name, and nothing else. */
export function isDestination(name: string): boolean {
  return hostName.test(name);
}

/**
 * The way of `ssh -J`: `[user@]host[:port]`, several separated by commas, or `none`. Throws a JumpMistake with what is
 * wrong with it.
 */
export function parseJumps(text: string): readonly Jump[] {
  return text.toLowerCase() === 'none' ? [] : text.split(',').map((part) => parseJump(part.trim()));
}

export class JumpMistake extends Error {}

function parseJump(text: string): Jump {
  const body = text.replace(/^ssh:\/\//i, '').replace(/\/$/, '');
  const at = body.lastIndexOf('@');
  const user = at < 0 ? undefined : body.slice(0, at);
  const [, bracketed, plain, digits] = /^(?:\[([^[\]]*)\]|([^:[\]]*))(?::(\d{1,5}))?$/.exec(body.slice(at + 1)) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = digits === undefined ? undefined : Number(digits);
  if (!hostName.test(host) || (user !== undefined && !userName.test(user)))
    throw new JumpMistake(
      `"${text}" is no [user@]host[:port]${text.split(':').length > 2 ? ' (an IPv6 address stands in brackets)' : ''}`,
    );
  if (port !== undefined && (port < 1 || port > 65_535))
    throw new JumpMistake(`"${text}": a port is a number from 1 to 65535`);
  return { host, ...(user === undefined ? {} : { user }), ...(port === undefined ? {} : { port }) };
}

export function printJump({ host, user, port }: Jump): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `${user === undefined ? '' : `${user}@`}${shown}${port === undefined ? '' : `:${String(port)}`}`;
}

/**
 * The host that a ProxyCommand goes through when it is nothing but the older way of writing a ProxyJump:
 * `ssh [-q] [-F FILE] [-p PORT] [-l USER] -W %h:%p HOST`. Undefined for whatever else it may be.
 */
export function jumpOfCommand(command: string): { readonly jump: Jump; readonly config?: string } | undefined {
  const words = command
    .trim()
    .replace(/^exec\s+/, '')
    .replace(/\s+2>\s*\/dev\/null$/, '')
    .split(/\s+/);
  if (words.shift()?.replace(/^\/(?:usr\/)?(?:local\/)?bin\//, '') !== 'ssh') return undefined;
  const found = new Map<string, string>();
  let destination: string | undefined;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (/^-[qaxTn]+$/.test(word)) continue;
    const [, option, glued] = /^-([WplF])(.*)$/.exec(word) ?? [];
    if (option !== undefined) {
      const value = glued === undefined || glued === '' ? words.shift() : glued;
      if (value === undefined || found.has(option)) return undefined;
      found.set(option, value);
    } else if (word.startsWith('-') || destination !== undefined) return undefined;
    else destination = word;
  }
  if (destination === undefined || !/^(?:%h:%p|\[%h\]:%p)$/.test(found.get('W') ?? '')) return undefined;
  try {
    const [jump] = parseJumps(destination);
    if (jump === undefined || jump.port !== undefined || /%/.test(command.replace(/%[hp]/g, ''))) return undefined;
    const user = found.get('l') ?? jump.user;
    const port = found.get('p');
    if (port !== undefined && !/^\d{1,5}$/.test(port)) return undefined;
    const config = found.get('F');
    if (config !== undefined && !/^\/[\w./-]+$/.test(config)) return undefined;
    const [checked] = parseJumps(
      printJump({
        host: jump.host,
        ...(user === undefined ? {} : { user }),
        ...(port === undefined ? {} : { port: Number(port) }),
      }),
    );
    return checked && { jump: checked, ...(config === undefined ? {} : { config }) };
  } catch (thrown) {
    if (thrown instanceof JumpMistake) return undefined;
    throw thrown;
  }
}
