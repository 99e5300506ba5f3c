/**
 * Every error that plimsoll reports on purpose is an AppError with one of these codes.
 * Anything else that reaches `main.ts` is a bug of ours and is reported as `internal`.
 */
export type ErrorCode =
  // the operator's input
  | 'usage'
  | 'config'
  // the way to the host
  | 'unreachable'
  | 'connection-refused'
  | 'connection-lost'
  | 'auth-failed'
  | 'host-key-unknown'
  | 'host-key-changed'
  | 'host-key-revoked'
  // connected, but not usable or not safe
  | 'privilege-denied'
  | 'privilege-password'
  | 'no-docker'
  | 'missing-tool'
  | 'unsupported'
  | 'refused'
  // something was tried and did not work
  | 'action-failed'
  | 'timed-out'
  | 'output-limit'
  | 'outcome-unknown'
  | 'verification-failed'
  | 'fact-unreadable'
  // the records of versions
  | 'records-unavailable'
  | 'records-conflict'
  // the run as a whole
  | 'drift'
  | 'locked'
  | 'interrupted'
  | 'not-started'
  | 'internal';

/** How a host ended. `run.finished` and the exit status are made from these. */
export type HostStatus =
  'ok' | 'changed' | 'failed' | 'unreachable' | 'refused' | 'drifted' | 'locked' | 'interrupted' | 'not-started';

const statusByCode: Readonly<Record<ErrorCode, HostStatus>> = {
  usage: 'failed',
  config: 'failed',
  unreachable: 'unreachable',
  'connection-refused': 'unreachable',
  'connection-lost': 'failed',
  'auth-failed': 'unreachable',
  'host-key-unknown': 'unreachable',
  'host-key-changed': 'unreachable',
  'host-key-revoked': 'unreachable',
  'privilege-denied': 'refused',
  'privilege-password': 'refused',
  'no-docker': 'refused',
  'missing-tool': 'refused',
  unsupported: 'refused',
  refused: 'refused',
  'action-failed': 'failed',
  'timed-out': 'failed',
  'output-limit': 'failed',
  'outcome-unknown': 'failed',
  'verification-failed': 'failed',
  'fact-unreadable': 'failed',
  'records-unavailable': 'refused',
  'records-conflict': 'locked',
  drift: 'drifted',
  locked: 'locked',
  interrupted: 'interrupted',
  'not-started': 'not-started',
  internal: 'failed',
};

export function hostStatusOf(code: ErrorCode): HostStatus {
  return statusByCode[code];
}

/** Whether a text that was saved is one of our codes. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(statusByCode, text);
}

export interface AppErrorDetails {
  /** What the operator can do about it: a command to run, a key to set. */
  readonly hint?: string;
  /** `file:line:column` of the step or setting that led here. */
  readonly where?: string;
  readonly cause?: unknown;
}

export class AppError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly where: string | undefined;

  constructor(code: ErrorCode, message: string, details: AppErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'AppError';
    this.code = code;
    this.hint = details.hint;
    this.where = details.where;
  }
}

/** One mistake in one file, with everything needed to point at it. Lines and columns count from 1. */
export interface ConfigIssue {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
  /** The source line with a caret under the place, ready to print. */
  readonly frame?: string;
}

/** All the mistakes of all the files, reported together before anything connects. */
export class ConfigError extends AppError {
  readonly issues: readonly ConfigIssue[];

  constructor(issues: readonly ConfigIssue[]) {
    super('config', `${String(issues.length)} mistake${issues.length === 1 ? '' : 's'} in the configuration`);
    this.name = 'ConfigError';
    this.issues = issues;
  }
}

/** A connection that is lost while nothing but reading has been done is a host that could not be reached. */
export function neverReached(error: AppError): AppError {
  return error.code === 'connection-lost'
    ? new AppError('unreachable', error.message, {
        cause: error,
        hint: error.hint ?? 'nothing was changed on it: run the same again',
      })
    : error;
}

/** Whatever was thrown, as an AppError: our own as it is, anything else as a bug of ours. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError')
    return new AppError('interrupted', 'interrupted', { cause: thrown });
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new AppError('internal', message, { cause: thrown });
}
