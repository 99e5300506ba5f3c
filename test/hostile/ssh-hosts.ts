import { setInterval } from 'node:timers';
import type { AuthContext, ServerChannel } from 'ssh2';
import type { ErrorCode, HostStatus } from '../../src/errors.ts';
import type { Behaviour, Heard } from './hostile-server.ts';
import { pretendShell, sayReady } from './pretended-shell.ts';

/** A host that lies, and what becomes of it: one clear line, and nothing else. */
export interface HostileHost {
  readonly name: string;
  /** What it does, for whoever reads a failed test. */
  readonly does: string;
  readonly behaviour: Behaviour;
  /** How it is logged in to; with a key when absent. */
  readonly login?: 'password';
  /** Root is become through sudo there, with a password. */
  readonly sudo?: true;
  /** It is the bastion of the host that is meant. */
  readonly bastion?: true;
  /** Only a run that changes something comes to where it lies. */
  readonly later?: true;
  readonly ends: { readonly code: ErrorCode; readonly status: HostStatus; readonly message: RegExp };
  /** How often a password may be said to it; never when absent. */
  readonly passwords?: number;
}

export const loginPassword = 'kit-Passw0rd-1';
export const sudoPassword = 'kit-Sud0-2';

const silently = (): void => undefined;
const unreachable = (message: RegExp): HostileHost['ends'] => ({ code: 'unreachable', status: 'unreachable', message });
const loginRefused = (message: RegExp): HostileHost['ends'] => ({
  code: 'auth-failed',
  status: 'unreachable',
  message,
});

/** Asks what it likes where a password is expected, for as long as it is answered. */
function asking(questions: readonly string[], times = 1): NonNullable<Behaviour['authenticate']> {
  return (context, heard) => {
    if (context.method !== 'keyboard-interactive') {
      context.reject(['keyboard-interactive']);
      return;
    }
    const ask = (left: number): void => {
      context.prompt(
        questions.map((prompt) => ({ prompt, echo: false })),
        (answers) => {
          heard.passwords.push(...answers);
          if (left > 1) ask(left - 1);
          else context.reject(['keyboard-interactive']);
        },
      );
    };
    ask(times);
  };
}

function refusingPasswords(context: AuthContext, heard: Heard): void {
  const both: ('password' | 'keyboard-interactive')[] = ['keyboard-interactive', 'password'];
  if (context.method === 'password') {
    heard.passwords.push(context.password);
    context.reject(both);
  } else if (context.method === 'keyboard-interactive') {
    context.prompt([{ prompt: 'Password: ', echo: false }], (answers) => {
      heard.passwords.push(...answers);
      context.reject(both);
    });
  } else {
    context.reject(both);
  }
}

function exit(channel: ServerChannel, status: number): void {
  channel.exit(status);
  channel.end();
}

/** The kinds of hosts that say or do, on the way to the ready shell, what no honest one does. */
export const hostileHosts: readonly HostileHost[] = [
  {
    name: 'silent-port',
    does: 'takes the connection and never says a word',
    behaviour: { socket: silently },
    ends: unreachable(/took the connection, but did not answer within/),
  },
  {
    name: 'banner-only',
    does: 'sends its banner and nothing more',
    behaviour: {
      socket: (socket) => {
        socket.write('SSH-2.0-liar\r\n');
      },
    },
    ends: unreachable(/did not answer in the key exchange within/),
  },
  {
    name: 'endless-greeting',
    does: 'sends lines before its banner, for ever',
    behaviour: {
      socket: (socket) => {
        const timer = setInterval(() => {
          socket.write('welcome\r\n');
        }, 100);
        socket.on('close', () => {
          clearInterval(timer);
        });
      },
    },
    ends: unreachable(/./),
  },
  {
    name: 'web-server',
    does: 'speaks HTTP',
    behaviour: {
      socket: (socket) => {
        socket.once('data', () => {
          socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
        });
      },
    },
    ends: unreachable(/is no SSH server, or will not be one: it said "HTTP/),
  },
  {
    name: 'sha1-only',
    does: 'knows no key exchange but those with SHA-1',
    behaviour: {
      kex: ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1', 'diffie-hellman-group-exchange-sha1'],
    },
    ends: unreachable(/no key exchange in common: the server has .*-sha1/),
  },
  {
    name: 'stalls-at-login',
    does: 'never answers an attempt to log in',
    behaviour: { authenticate: silently },
    ends: unreachable(/did not answer to the login with key .* within/),
  },
  {
    name: 'never-enough',
    does: 'takes every factor and demands one more',
    behaviour: {
      authenticate: (context) => {
        context.reject(['publickey', 'password'], true);
      },
    },
    ends: loginRefused(/could not log in/),
  },
  {
    name: 'kbdint-50',
    does: 'asks for the password 50 times',
    login: 'password',
    behaviour: { authenticate: asking(['Password: '], 50) },
    passwords: 1,
    ends: loginRefused(/asks again: the password of ops was wrong/),
  },
  {
    name: 'kbdint-twice-at-once',
    does: 'asks for the password twice in one breath',
    login: 'password',
    behaviour: { authenticate: asking(['Password: ', 'Password: ']) },
    ends: loginRefused(/something else than its password/),
  },
  {
    name: 'asks-for-a-code',
    does: 'asks for a verification code',
    login: 'password',
    behaviour: { authenticate: asking(['Verification code: ']) },
    ends: loginRefused(/"Verification code:".*nothing was answered/),
  },
  {
    name: 'asks-for-a-new-one',
    does: 'wants a new password',
    login: 'password',
    behaviour: { authenticate: asking(['New password: ', 'Retype new password: ']) },
    ends: loginRefused(/"New password: {2}Retype new password:".*nothing was answered/),
  },
  {
    name: 'asks-as-sudo',
    does: 'asks in the name of sudo',
    login: 'password',
    behaviour: { authenticate: asking(['[sudo] password for root: ']) },
    ends: loginRefused(/something else than its password/),
  },
  {
    name: 'wrong-password',
    does: 'refuses the password by whichever method',
    login: 'password',
    behaviour: { authenticate: refusingPasswords },
    passwords: 1,
    ends: loginRefused(/tried password; the server accepts/),
  },
  {
    name: 'must-change',
    does: 'wants the password to be changed first',
    login: 'password',
    behaviour: {
      authenticate: (context, heard) => {
        if (context.method !== 'password') {
          context.reject(['password']);
          return;
        }
        heard.passwords.push(context.password);
        context.requestChange('Your password has expired', silently);
      },
    },
    passwords: 1,
    ends: loginRefused(/has to be changed/),
  },
  {
    name: 'no-channel',
    does: 'logs in and never confirms a channel',
    behaviour: { session: silently },
    ends: unreachable(/confirmed no channel, .* within/),
  },
  {
    name: 'refuses-channels',
    does: 'logs in and refuses every channel',
    behaviour: {
      session: (_accept, reject) => {
        reject();
      },
    },
    ends: unreachable(/a channel could not be opened/),
  },
  {
    name: 'no-exec-reply',
    does: 'opens the channel and never answers exec',
    behaviour: { exec: silently },
    ends: unreachable(/did not answer the request to run a shell on it, within/),
  },
  {
    name: 'refuses-exec',
    does: 'refuses to run a command',
    behaviour: {
      exec: (_accept, reject) => {
        reject();
      },
    },
    ends: unreachable(/a channel could not be opened/),
  },
  {
    name: 'silent-shell',
    does: 'takes the command and says nothing',
    behaviour: {
      exec: (accept) => {
        accept();
      },
    },
    ends: unreachable(/the login shell of ops did not answer within/),
  },
  {
    name: 'silent-sudo',
    does: 'never lets sudo ask',
    sudo: true,
    behaviour: {
      exec: (accept) => {
        accept();
      },
    },
    ends: unreachable(/sudo did not answer within/),
  },
  {
    name: 'replays-the-prompt',
    does: 'asks for the password of sudo with our own prompt, again and again',
    sudo: true,
    behaviour: {
      exec: (accept, _reject, command, heard) => {
        const channel = accept();
        const [prompt = ''] = /[0-9a-f]{32}$/.exec(command) ?? [];
        channel.on('data', (chunk: Buffer) => {
          heard.passwords.push(chunk.toString().trim());
          channel.stderr.write(prompt);
        });
        channel.stderr.write(prompt);
      },
    },
    passwords: 1,
    ends: { code: 'privilege-password', status: 'refused', message: /sudo did not accept the password/ },
  },
  {
    name: 'exits-at-once',
    does: 'ends the shell with 0 before it has begun',
    behaviour: {
      exec: (accept) => {
        exit(accept(), 0);
      },
    },
    ends: { code: 'privilege-denied', status: 'refused', message: /ended with status 0 before it started/ },
  },
  {
    name: 'dead-shell',
    does: 'says that the rights are there and reads no frame',
    behaviour: {
      exec: (accept, _reject, command) => {
        sayReady(accept(), command);
      },
    },
    ends: unreachable(/its shell was started, but did not answer within/),
  },
  {
    name: 'echo',
    does: 'says everything back, on both streams',
    behaviour: {
      exec: (accept, _reject, command) => {
        const channel = accept();
        sayReady(channel, command);
        channel.on('data', (chunk: Buffer) => {
          channel.write(chunk);
          channel.stderr.write(chunk);
        });
      },
    },
    ends: unreachable(/its shell was started, but did not answer within/),
  },
  {
    name: 'black-hole',
    does: 'is a bastion that never answers a request to go further',
    bastion: true,
    behaviour: { forward: silently },
    ends: unreachable(/black-hole-bastion could not reach 192\.0\.2\.1:22 within/),
  },
  {
    name: 'bastion-stalls',
    does: 'is a bastion that never lets anybody in',
    bastion: true,
    behaviour: { authenticate: silently },
    ends: unreachable(/is behind bastion-stalls-bastion: .*did not answer to the login/),
  },
  {
    name: 'exits-again-and-again',
    does: 'ends the shell with 0 whenever it is asked for the lock',
    later: true,
    behaviour: {
      exec: (accept, _reject, command) => {
        const channel = accept();
        pretendShell(channel, command, () => {
          exit(channel, 0);
        });
      },
    },
    ends: { code: 'connection-lost', status: 'failed', message: /the host's shell has ended 3 times in a row/ },
  },
];
