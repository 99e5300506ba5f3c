import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../lab/free-port.ts';

const program = '/usr/sbin/sshd';

/** Why no real sshd can be started here, or undefined when one can. */
export function missingSshd(): string | undefined {
  return existsSync(program)
    ? undefined
    : `${program} is not installed: run "npm run lab:setup" (Debian, as root), or install openssh-server`;
}

export interface SshdOptions {
  /** Addresses to listen on. Any of 127.0.0.0/8 works on Linux without further preparation. */
  readonly listen?: readonly string[];
  /** Lines of sshd_config; they come first, and sshd takes the first value it reads. */
  readonly config?: readonly string[];
  readonly hostKeyTypes?: readonly ('ed25519' | 'rsa' | 'ecdsa')[];
  /** A program that runs it, with its arguments. */
  readonly within?: readonly string[];
}

/** A real sshd of our own, with host keys and an authorised user key made for it. */
export interface Sshd {
  readonly directory: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** The private key that every account accepts. */
  readonly identityFile: string;
  /** A known_hosts file with all the host keys under all the addresses. */
  readonly knownHostsFile: string;
  /** `TYPE BASE64` of each host key. */
  readonly hostKeys: readonly string[];
  /** Its number, or that of what runs it. */
  readonly pid: number;
  log(): string;
  stop(): Promise<void>;
}

export function generateKey(file: string, type = 'ed25519', passphrase = ''): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', file]);
}

export async function startSshd({
  listen = ['127.0.0.1'],
  config = [],
  hostKeyTypes = ['ed25519'],
  within = [],
}: SshdOptions = {}): Promise<Sshd> {
  const missing = missingSshd();
  if (missing !== undefined) throw new Error(missing);
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-sshd-'));
  // Accounts other than ours have to read the authorised key.
  execFileSync('chmod', ['755', directory]);
  const port = await freePort();
  const identityFile = join(directory, 'user_key');
  generateKey(identityFile);
  const hostKeyFiles = hostKeyTypes.map((type) => join(directory, `host_${type}`));
  hostKeyFiles.forEach((file, index) => {
    generateKey(file, hostKeyTypes[index]);
  });
  const hostKeys = hostKeyFiles.map((file) => readFileSync(`${file}.pub`, 'utf8').split(' ').slice(0, 2).join(' '));
  const knownHostsFile = join(directory, 'known_hosts');
  writeFileSync(
    knownHostsFile,
    listen.flatMap((address) => hostKeys.map((key) => `[${address}]:${String(port)} ${key}\n`)).join(''),
  );
  const configFile = join(directory, 'sshd_config');
  const lines = [
    ...config,
    ...listen.map((address) => `ListenAddress ${address}:${String(port)}`),
    ...hostKeyFiles.map((file) => `HostKey ${file}`),
    `AuthorizedKeysFile ${identityFile}.pub`,
    'StrictModes no',
    'UsePAM no',
    'PidFile none',
    'PasswordAuthentication yes',
    'KbdInteractiveAuthentication no',
    'PermitRootLogin yes',
    'LogLevel VERBOSE',
  ];
  writeFileSync(configFile, `${lines.join('\n')}\n`);
  // sshd run by root insists on its privilege separation directory.
  if (process.getuid?.() === 0) execFileSync('mkdir', ['-p', '/run/sshd']);
  const argv = [...within, program, '-D', '-e', '-f', configFile];
  const child = spawn(argv[0] ?? program, argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  const exited = new Promise<void>((resolve) => {
    child.on('exit', () => {
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => {
    let listening = 0;
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      listening = log.split('Server listening on').length - 1;
      if (listening >= listen.length) resolve();
    });
    child.on('error', reject);
    void exited.then(() => {
      reject(new Error(`sshd did not start: ${log}`));
    });
  });
  return {
    directory,
    address: listen[0] ?? '127.0.0.1',
    port,
    user: userInfo().username,
    identityFile,
    knownHostsFile,
    hostKeys,
    pid: child.pid ?? 0,
    log: () => log,
    stop: async () => {
      // Who runs another lets TERM pass by (unshare), and takes that along when it is killed.
      child.kill(within.length > 0 ? 'SIGKILL' : 'SIGTERM');
      await exited;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
