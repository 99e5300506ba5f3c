import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Target } from '../transport.ts';
import { reasons } from './credentials.ts';

/** What is known about an attempt to connect when it fails. */
export interface AttemptRecord {
  readonly target: Target;
  readonly tried: readonly string[];
  readonly problems: readonly string[];
  readonly accepted: readonly string[];
  /** The server was still in its key exchange, or not even that far. */
  readonly beforeAuthentication: boolean;
}

function property(error: Error, name: string): unknown {
  return Object.getOwnPropertyDescriptor(error, name)?.value;
}

/** A server that is overloaded (sshd beyond MaxStartups) closes new connections without a word. */
export function isDropped(error: Error, record: AttemptRecord): boolean {
  return record.beforeAuthentication && isCut(error);
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
  if (isDropped(error, record)) {
    return new AppError(
      'unreachable',
      `${target.name}: ${place} closed the connection before authentication, ${String(tries)} times`,
      {
        ...details,
        hint: `Look at sshd's log on ${target.name}; MaxStartups or a ban of this address may be the reason.`,
      },
    );
  }
  if (level !== 'client-authentication' && isCut(error)) {
    return new AppError('unreachable', `${target.name}: ${place} closed the connection during the login`, {
      ...details,
      hint: `Look at sshd's log on ${target.name}.`,
    });
  }
  if (/no matching/i.test(error.message)) {
    return new AppError(
      'unreachable',
      `${target.name}: ${place} and this transport have no algorithm in common: ${oneLine(error.message)}`,
      { ...details, hint: 'Allow a curve25519 or ecdh key exchange in its sshd_config.' },
    );
  }
  if (!record.beforeAuthentication || level === 'client-authentication') {
    const offered = tried.length === 0 ? 'nothing that the server accepts' : tried.join(', ');
    const accepts = accepted.length === 0 ? '' : `; the server accepts ${accepted.join(', ')}`;
    const server = /All configured authentication methods failed/.test(error.message)
      ? ''
      : `; it said: ${oneLine(error.message)}`;
    return new AppError(
      'auth-failed',
      `${target.name}: could not log in as ${target.user}@${place}; tried ${offered}${accepts}${server}${reasons(problems)}`,
      {
        ...details,
        hint: `Check user, identity_file and password of ${target.name}, and authorized_keys on it.`,
      },
    );
  }
  return new AppError(
    'unreachable',
    `${target.name}: no SSH connection to ${place}: ${oneLine(error.message)}`,
    details,
  );
}
