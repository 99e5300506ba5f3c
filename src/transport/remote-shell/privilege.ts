import { AppError } from '../../errors.ts';
import { privilegedEnvironment } from '../../values/privileged-environment.ts';
import { quote } from '../../values/shell.ts';
import { ioLogSign } from '../privilege/io-log.ts';
import { refusal, suWantsPassword } from '../privilege/refusal.ts';
import { said } from '../privilege/said.ts';
import { passwordExpired, wrongPassword } from '../privilege/sudo-refusal.ts';
import type { PrivilegeWish } from '../privilege/wish.ts';
import { interruptedConnecting, whenAborted } from './abort.ts';
import { type Deadline, moreTime, type Stage } from './deadline.ts';
import type { ShellChannel } from './shell-channel.ts';

/** What the remote side runs once it has its rights. */
export type Continuation = 'command-shell' | 'single-program';

/** The user's number, without a process of its own: this runs on every host of a fleet at once. */
const effectiveUser = 'u=; while read -r k v x; do case $k in Uid:) u=$v ;; esac; done </proc/self/status';

const userName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?$/;
/** What su asks for a password with, through PAM in the C locale. */
const suPrompt = /[Pp]assword: ?$/;
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
  // Only root sees what sudo itself has open.
  const [look, logged] =
    wish.become === 'sudo' && wish.becomeUser === 'root' ? [`${ioLogSign}; `, '${l:+ logged}'] : ['', ''];
  const inner = `${privilegedEnvironment}; echo ${nonces.ready} >&2; ${effectiveUser}; ${look}echo "${nonces.ready} \${u:-$(id -u)}${logged}"; ${continuations[then]}`;
  if (wish.become === 'none') return `exec /bin/sh -c ${quote(inner)}`;
  // A login as root needs no sudo, which may not even be installed there.
  const already = 'if [ "$(id -u)" = 0 ] && [ "$2" = root ]; then exec /bin/sh -c "$1"; fi';
  const outer = `${privilegedEnvironment}; ${already}; ${starter(wish)}`;
  return `exec /bin/sh -c ${quote(outer)} plimsoll ${quote(inner)} ${quote(wish.becomeUser)} ${nonces.prompt}`;
}

/** What starts `$1` as the user `$2`. Whatever it asks without our prompt `$3` before it is not answered. */
function starter({ become, becomePassword }: PrivilegeWish): string {
  switch (become) {
    case 'su':
      // su's own question cannot be chosen, so ours stands before it: nobody but su has said what follows.
      return 'echo "$3" >&2; exec su -s /bin/sh -c "$1" "$2"';
    case 'doas':
      return 'exec doas -n -u "$2" -- /bin/sh -c "$1"';
    case 'sudo':
    case 'none':
      return `exec sudo -H ${becomePassword === undefined ? '-n' : '-S -p "$3"'} -u "$2" -- /bin/sh -c "$1"`;
  }
}

export interface Obtained {
  readonly runsAs: string;
  /** sudo keeps a copy of what is read or written. */
  readonly isLogged: boolean;
}

/**
 * Waits until the remote side has its rights and resolves with the name of the user it runs as. The
 * password is written only after sudo has asked for it with our own prompt, or su behind it, and only once: a second
 * question means that it was wrong, and further tries could lock the account.
 */
export function obtainPrivilege(
  channel: ShellChannel,
  wish: PrivilegeWish,
  nonces: { readonly ready: string; readonly prompt: string },
  deadline: Deadline,
  signal: AbortSignal,
): Promise<Obtained> {
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
        resolve({ runsAs: nameOf(name.user, wish), isLogged: name.isLogged });
        return;
      }
      if (errorReady !== -1) return;
      if (answered && wish.become === 'sudo' && passwordExpired.test(stderr.toString())) {
        fail(refusal(wish, { text: stderr.toString(), status: 1, answered }));
        return;
      }
      const asked = questionEnd(stderr, nonces.prompt, wish, answered);
      if (asked === undefined) return;
      if (wish.becomePassword === undefined) {
        if (wish.become === 'su') fail(suWantsPassword(wish, ''));
        return;
      }
      if (answered) {
        // What su asks after an answer is for a new password.
        if (wish.become === 'su') fail(refusal(wish, { text: stderr.toString(), status: 1, answered }));
        else fail(wrongPassword(wish));
        return;
      }
      stderr = stderr.subarray(asked);
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
      silence(wish, () => said(wholeLines(stderr, cut.stderr).replaceAll(nonces.prompt, ''))),
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
        fail(
          refusal(wish, {
            text: (wholeLines(stderr, cut.stderr) || wholeLines(stdout, cut.stdout)).replaceAll(nonces.prompt, ''),
            status,
            answered,
          }),
        );
    });
  });
}

function silence({ host, user, become }: PrivilegeWish, saying: () => string): Stage {
  const who = become === 'none' ? `the login shell of ${user}` : become;
  return { failed: () => `${who} did not answer`, hint: () => moreTime(`Try it by hand on ${host}`), detail: saying };
}

/** Where the question for a password ends, once it has been asked. */
function questionEnd(stderr: Buffer, prompt: string, { become }: PrivilegeWish, answered: boolean): number | undefined {
  const found = stderr.indexOf(prompt);
  if (become !== 'su') return found === -1 ? undefined : found + prompt.length;
  // Once it was answered our prompt is gone, and what is said is still su's.
  if (found === -1 && !answered) return undefined;
  return suPrompt.test(stderr.toString('utf8', Math.max(0, found))) ? stderr.length : undefined;
}

/** Root is known by its number; another number is that of whom we asked to be. */
function nameOf(uid: string, { become, becomeUser, user }: PrivilegeWish): string {
  if (uid === '0') return 'root';
  return become === 'none' ? user : becomeUser;
}

function giveBack(stream: ShellChannel['stdout'], rest: Buffer): void {
  if (rest.length > 0) stream.unshift(rest);
}

function runsAs(
  stdout: Buffer,
  ready: string,
): { readonly user: string; readonly isLogged: boolean; readonly end: number } | undefined {
  const start = stdout.indexOf(`${ready} `);
  const end = start === -1 ? -1 : stdout.indexOf('\n', start);
  if (end === -1) return undefined;
  const [user = '', sign] = stdout.toString('utf8', start + ready.length + 1, end).split(' ');
  return { user, isLogged: sign === 'logged', end: end + 1 };
}

/** Half a line may be half a secret, which nobody would know for one. */
function wholeLines(noise: Buffer, cut: boolean): string {
  const text = noise.toString();
  return cut ? text.slice(text.indexOf('\n') + 1 || text.length) : text;
}
