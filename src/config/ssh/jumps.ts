import type { Jump } from '../model/types.ts';

/** What can be a destination of ssh: no white space, no leading dash, nothing that a shell or ssh reads otherwise. */
const hostName = /^[\p{L}\p{N}_.:][\p{L}\p{N}_.:%-]*$/u;
const userName = /^[\p{L}\p{N}_.][\p{L}\p{N}_.@$+\\-]*$/u;

/** Whether `ssh -- NAME` means a host by this name, and nothing else. */
export function isDestination(name: string): boolean {
  return hostName.test(name);
}

/** Whether `ssh -l NAME` means a user by this name, and nothing that a shell of its configuration could take for more. */
export function isLogin(name: string): boolean {
  return userName.test(name);
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
  return {
    host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port }),
    ...(/^ssh:/i.test(text) ? { isOutside: true } : {}),
  };
}

export function printJump({ host, user, port }: Jump): string {
  const shown = host.includes(':') ? `[${host}]` : host;
  return `${user === undefined ? '' : `${user}@`}${shown}${port === undefined ? '' : `:${String(port)}`}`;
}
