import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Target } from '../transport.ts';
import { reasons } from './credentials.ts';
import { mismatch } from './mismatch.ts';
import type { Lists } from './negotiation.ts';

/** What is known about an attempt to connect when it fails. */
export interface AttemptRecord {
  readonly target: Target;
  readonly tried: readonly string[];
  /** What of it was right, and not enough. */
  readonly right: readonly string[];
  readonly problems: readonly string[];
  readonly accepted: readonly string[];
  /** The server was still in its key exchange, or not even that far. */
  readonly beforeAuthentication: boolean;
  /** The server has said what software it is. */
  readonly named: boolean;
  /** What it said in front of that, or instead. */
  readonly firstWords: string;
  /** Of the kind of algorithm that was to be agreed on last. */
  readonly lists: Lists | undefined;
}

function property(error: Error, name: string): unknown {
  return Object.getOwnPropertyDescriptor(error, name)?.value;
}

/** What sshd says when it has too many that are not logged in yet; before 8.9 it closed without a word. */
const tooMany = /^Exceeded MaxStartups/;

/** A server that is overloaded closes new connections; one that says something else means it. */
export function isDropped(error: Error, { beforeAuthentication, firstWords, named }: AttemptRecord): boolean {
  return beforeAuthentication && isCut(error) && (named || firstWords === '' || tooMany.test(firstWords));
}

function isCut(error: Error): boolean {
  return (
    property(error, 'code') === 'ECONNRESET' ||
    /Connection lost before handshake|MaxStartups|No response from server|EPIPE/.test(error.message)
  );
}

export function connectError(error: Error, record: AttemptRecord, tries: number): AppError {
  const { target, tried, problems, accepted } = record;
  const place = `${target.address}:${String(target.port)}`;
  const code = property(error, 'code');
  const level = property(error, 'level');
  const details = { cause: error };
  if (code === 'ECONNREFUSED') {
    return new AppError('connection-refused', `${target.name}: ${place} refused the connection`, {
      ...details,
      hint: `Is sshd running on ${target.name}, and is ${String(target.port)} its port?`,
    });
  }
  if (level === 'client-dns' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return new AppError('unreachable', `${target.name}: there is no address for ${target.address}`, {
      ...details,
      hint: `Correct the address of ${target.name} in the inventory, or the name service.`,
    });
  }
  if (level === 'client-timeout') {
    return new AppError(
      'unreachable',
      `${target.name}: ${place} did not answer within ${String(target.connectTimeoutMs / 1000)} s`,
      {
        ...details,
        hint: 'Check that the host is up and that no firewall is in between; connect_timeout sets the time.',
      },
    );
  }
  if (record.beforeAuthentication && isCut(error)) {
    const [what, hint] = closedBefore(record);
    const times = isDropped(error, record) ? `, ${String(tries)} times` : '';
    return new AppError('unreachable', `${target.name}: ${place} ${what}${times}`, { ...details, hint });
  }
  if (level !== 'client-authentication' && isCut(error)) {
    return new AppError('unreachable', `${target.name}: ${place} closed the connection during the login`, {
      ...details,
      hint: `Look at sshd's log on ${target.name}.`,
    });
  }
  if (/no matching/i.test(error.message)) {
    const { message, hint } = mismatch(record.lists, error.message, target.name);
    return new AppError('unreachable', `${target.name}: ${place} ${message}`, { ...details, hint });
  }
  if (!record.beforeAuthentication || level === 'client-authentication') {
    const offered = tried.length === 0 ? 'nothing that the server accepts' : tried.join(', ');
    const { right } = record;
    const all = accepted.join(', ');
    const accepts =
      right.length > 0
        ? `; ${right.join(', ')} was right, and the server wants ${all} as well`
        : accepted.length === 0
          ? ''
          : `; the server accepts ${all}`;
    const server = /All configured authentication methods failed/.test(error.message)
      ? ''
      : `; it said: ${oneLine(error.message)}`;
    return new AppError(
      'auth-failed',
      `${target.name}: could not log in as ${target.user}@${place}; tried ${offered}${accepts}${server}${reasons(problems)}`,
      { ...details, hint: howToLogIn(error, record) },
    );
  }
  return new AppError(
    'unreachable',
    `${target.name}: no SSH connection to ${place}: ${oneLine(error.message)}`,
    details,
  );
}

/** What happened before anybody could log in, and where to look. */
function closedBefore({ target: { name }, named, firstWords }: AttemptRecord): readonly [string, string] {
  const log = `Look at sshd's log on ${name}`;
  if (tooMany.test(firstWords))
    return [
      'has too many logins that are not finished, and closed the connection',
      `Raise MaxStartups in the sshd_config of ${name}, or lower --forks.`,
    ];
  if (/^Not allowed at this time/.test(firstWords))
    return [
      'refuses connections from this address at this time',
      `Earlier logins from here have failed there: wait, or exempt this address by PerSourcePenaltyExemptList in the sshd_config of ${name}.`,
    ];
  if (firstWords !== '' && !named)
    return [
      `is no SSH server, or will not be one: it said ${JSON.stringify(oneLine(firstWords, 200))}`,
      `Correct address and port of ${name}, or look at what answers there.`,
    ];
  if (named) return ['closed the connection in the key exchange', `${log}.`];
  return [
    'closed the connection before authentication',
    `${log}. The server said nothing: a ban of this address may be the reason, MaxStartups, or that something else than sshd listens there.`,
  ];
}

/** The remedy for what it was that was missing. */
function howToLogIn(error: Error, { target, right, accepted, tried }: AttemptRecord): string {
  const { name } = target;
  if (/Too many authentication failures/.test(error.message))
    return `It takes no more than ${String(tried.length)} attempts (MaxAuthTries): name the right key of ${name} as identity_file, and keep others from being offered by IdentitiesOnly, or agent: false.`;
  if (right.length === 0) return `Check user, identity_file and password of ${name}, and authorized_keys on it.`;
  const keys = accepted.includes('publickey') ? ['another key (identity_file)'] : [];
  const secrets = accepted.some((method) => method !== 'publickey') ? ['password'] : [];
  const codes = accepted.includes('keyboard-interactive')
    ? ' If what it asks for is a one-time code, begin from a terminal.'
    : '';
  return `One factor is not enough for ${name}: give it ${[...keys, ...secrets].join(', or ')}, too.${codes}`;
}
