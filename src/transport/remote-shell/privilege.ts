import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import { privilegedEnvironment } from '../../values/privileged-environment.ts';
import { byHand, quote } from '../../values/shell.ts';
import type { Secret } from '../../values/secret.ts';
import type { Become } from '../transport.ts';
import { interruptedConnecting, whenAborted } from './abort.ts';
import { type Deadline, moreTime, type Stage } from './deadline.ts';
import type { ShellChannel } from './shell-channel.ts';

export interface PrivilegeWish {
  /** The host's name, for messages. */
  readonly host: string;
  readonly user: string;
  readonly become: Become;
  readonly becomeUser: string;
  readonly becomePassword?: Secret;
}

/** What the remote side runs once it has its rights. */
export type Continuation = 'command-shell' | 'single-program';

/** The user's number, without a process of its own: this runs on every host of a fleet at once. */
const effectiveUser = 'u=; while read -r k v x; do case $k in Uid:) u=$v ;; esac; done </proc/self/status';

const userName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/;
/** Enough of what a failed sudo says, and no more of what an rc file prints. */
const keptNoise = 8 * 1024;

/**
 * `exec /bin/sh` reads frames. The single program arrives as one line (`read` takes no byte more than
 * that from standard input), in the encoding of `printf %b`, and runs in a session of its own with the
 * rest of the channel as its standard input.
 */
const continuations: Readonly<Record<Continuation, string>> = {
  'command-shell': 'command -v setsid >/dev/null || exit 97; exec /bin/sh',
  'single-program':
    'IFS= read -r p || exit 96; exec 4<&0; printf %b "$p" | { exec 3<&0 0<&4 4<&-; exec setsid /bin/sh /dev/fd/3; }',
};

/**
 * The command line that the login shell gets, whatever shell that is: it has single quotes only, and
 * no line feed, backslash or exclamation mark, which fish and csh treat in their own ways.
 * `ready` is printed on both streams when the rights are there; everything before it is noise.
 */
export function bootstrap(
  wish: PrivilegeWish,
  then: Continuation,
  nonces: { readonly ready: string; readonly prompt: string },
): string {
  if (!userName.test(wish.becomeUser))
    throw new AppError('config', `${wish.host}: become_user ${JSON.stringify(wish.becomeUser)} is not a user name`);
  const inner = `${privilegedEnvironment}; echo ${nonces.ready} >&2; ${effectiveUser}; echo "${nonces.ready} \${u:-$(id -u)}"; ${continuations[then]}`;
  if (wish.become === 'none') return `exec /bin/sh -c ${quote(inner)}`;
  // A login as root needs no sudo, which may not even be installed there.
  const already = 'if [ "$(id -u)" = 0 ] && [ "$2" = root ]; then exec /bin/sh -c "$1"; fi';
  const ask = wish.becomePassword === undefined ? '-n' : '-S -p "$3"';
  const outer = `${privilegedEnvironment}; ${already}; exec sudo -H ${ask} -u "$2" -- /bin/sh -c "$1"`;
  return `exec /bin/sh -c ${quote(outer)} plimsoll ${quote(inner)} ${quote(wish.becomeUser)} ${nonces.prompt}`;
}

/**
 * Waits until the remote side has its rights and resolves with the name of the user it runs as. The
 * password is written only after sudo has asked for it with our own prompt, and only once: a second
 * question means that it was wrong, and further tries could lock the account.
 */
export function obtainPrivilege(
  channel: ShellChannel,
  wish: PrivilegeWish,
  nonces: { readonly ready: string; readonly prompt: string },
  deadline: Deadline,
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = Buffer.alloc(0);
    let stderr = Buffer.alloc(0);
    /** Its beginning was dropped. */
    const cut = { stdout: false, stderr: false };
    let answered = false;
    let finished = false;
    const finish = (): void => {
      finished = true;
      stop();
      forget();
      channel.stdout.off('data', onStdout);
      channel.stderr.off('data', onStderr);
    };
    const fail = (error: AppError): void => {
      finish();
      channel.destroy();
      reject(error);
    };
    const check = (): void => {
      const name = runsAs(stdout, nonces.ready);
      const errorReady = stderr.indexOf(`${nonces.ready}\n`);
      if (name !== undefined && errorReady !== -1) {
        finish();
        channel.stdout.pause();
        channel.stderr.pause();
        giveBack(channel.stdout, stdout.subarray(name.end));
        giveBack(channel.stderr, stderr.subarray(errorReady + nonces.ready.length + 1));
        resolve(nameOf(name.user, wish));
        return;
      }
      if (errorReady !== -1) return;
      const asked = stderr.indexOf(nonces.prompt);
      if (asked === -1 || wish.becomePassword === undefined) return;
      stderr = stderr.subarray(asked + nonces.prompt.length);
      if (answered) {
        fail(wrongPassword(wish));
        return;
      }
      answered = true;
      channel.stdin.write(`${wish.becomePassword.reveal()}\n`);
    };
    const onStdout = (chunk: Buffer): void => {
      stdout = Buffer.concat([stdout, chunk]);
      check();
      if (stdout.indexOf(nonces.ready) !== -1 || stdout.length <= keptNoise) return;
      stdout = stdout.subarray(-keptNoise);
      cut.stdout = true;
    };
    const onStderr = (chunk: Buffer): void => {
      stderr = Buffer.concat([stderr, chunk]);
      check();
      if (stderr.indexOf(nonces.ready) !== -1 || stderr.length <= keptNoise) return;
      stderr = stderr.subarray(-keptNoise);
      cut.stderr = true;
    };
    const stop = deadline.start(
      silence(wish, () => said(wholeLines(stderr, cut.stderr))),
      fail,
    );
    channel.stdin.on('error', () => undefined);
    channel.stdout.on('data', onStdout);
    channel.stderr.on('data', onStderr);
    let forget = (): void => undefined;
    forget = whenAborted(signal, () => {
      fail(interruptedConnecting(wish.host));
    });
    void channel.ended.then(({ status }) => {
      if (!finished)
        fail(refusal(wish, answered, wholeLines(stderr, cut.stderr) || wholeLines(stdout, cut.stdout), status));
    });
  });
}

function silence({ host, user, become }: PrivilegeWish, saying: () => string): Stage {
  const who = become === 'sudo' ? 'sudo' : `the login shell of ${user}`;
  return { failed: () => `${who} did not answer`, hint: () => moreTime(`Try it by hand on ${host}`), detail: saying };
}

/** Root is known by its number; another number is that of whom we asked to be. */
function nameOf(uid: string, { become, becomeUser, user }: PrivilegeWish): string {
  if (uid === '0') return 'root';
  return become === 'sudo' ? becomeUser : user;
}

function giveBack(stream: ShellChannel['stdout'], rest: Buffer): void {
  if (rest.length > 0) stream.unshift(rest);
}

function runsAs(stdout: Buffer, ready: string): { readonly user: string; readonly end: number } | undefined {
  const start = stdout.indexOf(`${ready} `);
  const end = start === -1 ? -1 : stdout.indexOf('\n', start);
  return end === -1 ? undefined : { user: stdout.toString('utf8', start + ready.length + 1, end), end: end + 1 };
}

/** Half a line may be half a secret, which nobody would know for one. */
function wholeLines(noise: Buffer, cut: boolean): string {
  const text = noise.toString();
  return cut ? text.slice(text.indexOf('\n') + 1 || text.length) : text;
}

function said(text: string): string {
  const line = oneLine(text);
  return line === '' ? '' : `: ${line}`;
}

function wrongPassword({ host, user }: PrivilegeWish): AppError {
  return new AppError('privilege-password', `${host}: sudo did not accept the password of ${user}`, {
    hint: `Correct become_password for ${host}. It was tried once, so as not to lock the account.`,
  });
}

function refusal(wish: PrivilegeWish, answered: boolean, stderr: string, status: number | undefined): AppError {
  const { host, user, becomeUser, become } = wish;
  const denied = (why: string, hint: string): AppError =>
    new AppError('privilege-denied', `${host}: ${why}${said(stderr)}`, { hint });
  if (status === undefined)
    return new AppError(
      'connection-lost',
      `${host}: the connection was lost while ${become === 'sudo' ? 'sudo' : 'the shell'} was started${said(stderr)}`,
    );
  if (status === 97)
    return new AppError('missing-tool', `${host}: there is no setsid`, { hint: `Install util-linux on ${host}.` });
  if (become === 'none')
    return denied(
      `the login shell of ${user} ended with status ${String(status)} before it started /bin/sh`,
      `Check that this works: ${byHand('ssh', `${user}@${host}`, '/bin/sh')}`,
    );
  if (/must have a tty/.test(stderr))
    return denied('sudo demands a terminal', `Add "Defaults:${user} !requiretty" to sudoers on ${host}.`);
  if (/not in the sudoers|not allowed|may not run sudo/.test(stderr))
    return denied(
      `${user} may not run /bin/sh as ${becomeUser} through sudo`,
      `Allow it in sudoers on ${host}, or set become: false.`,
    );
  if (/incorrect password attempt|Sorry, try again|Authentication failure/i.test(stderr) && answered)
    return wrongPassword(wish);
  if (/password is required|no password was provided/.test(stderr))
    return denied(
      `sudo wants the password of ${user}`,
      `Set become_password for ${host}, or allow ${user} NOPASSWD in sudoers.`,
    );
  if (/sudo: (?:command )?not found|sudo: No such file/.test(stderr))
    return denied('there is no sudo', `Install sudo on ${host}, or log in as ${becomeUser} and set become: false.`);
  return denied(
    `sudo ended with status ${String(status)}`,
    `Try it by hand: ${byHand('ssh', `${user}@${host}`, 'sudo', '-u', becomeUser, '/bin/sh')}`,
  );
}
