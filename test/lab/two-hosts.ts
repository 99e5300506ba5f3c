import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '../support/plimsoll.ts';
import type { Sshd } from '../support/sshd.ts';
import { startSshd } from '../support/sshd.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly printed: string;
}

/** One of two hosts that are this machine: an sshd, a state directory and a file of keys of its own. */
export interface Side {
  readonly sshd: Sshd;
  readonly state: string;
  /** What sshd reads beside the key that plimsoll logs in with. */
  readonly keysFile: string;
}

/**
 * Two real sshds on two addresses of this machine, with directories to copy from and to. What would be
 * told of this machine's own sshd and Docker is told by small programs in front of PATH.
 */
export class TwoHosts {
  readonly base: string;
  readonly from: string;
  readonly to: string;
  readonly source: Side;
  readonly destination: Side;

  private constructor(base: string, source: Side, destination: Side) {
    this.base = base;
    this.from = join(base, 'from');
    this.to = join(base, 'to');
    this.source = source;
    this.destination = destination;
  }

  /** `user`: who plimsoll logs in as at the destination, with sudo and a file of keys in the home directory; root, with one that is made for the test, when absent. */
  static async start(user?: string): Promise<TwoHosts> {
    const base = mkdtempSync(join(tmpdir(), 'plimsoll-two-'));
    chmodSync(base, 0o755);
    for (const name of ['from', 'to', 'laptop']) mkdirSync(join(base, name));
    const [source, destination] = [
      await startSide(base, 'a', '127.0.0.2'),
      await startSide(base, 'b', '127.0.0.3', user),
    ];
    const hosts = new TwoHosts(base, source, destination);
    const host = ({ sshd, state }: Side, login = 'root'): object => ({
      address: sshd.address,
      port: sshd.port,
      user: login,
      become: true,
      identity_file: sshd.identityFile,
      known_hosts_file: sshd.knownHostsFile,
      state_directory: state,
    });
    writeFileSync(
      join(base, 'laptop/inventory.yaml'),
      JSON.stringify({ hosts: { a: host(source), b: host(destination, user) } }),
    );
    return hosts;
  }

  async stop(): Promise<void> {
    await this.source.sshd.stop();
    await this.destination.sshd.stop();
    rmSync(this.base, { recursive: true, force: true });
  }

  /** A program of a host's that answers something else from now on. */
  lie(name: 'a' | 'b', program: string, text: string): void {
    writeFileSync(join(this.base, `${name}-bin`, program), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  /** The lines of the destination's file of keys. */
  keys(): readonly string[] {
    const { keysFile } = this.destination;
    return existsSync(keysFile)
      ? readFileSync(keysFile, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
      : [];
  }

  /** What is left on either host of a copy that is over: nothing, if all is well. */
  leftOver(): readonly string[] {
    const inside = (directory: string): readonly string[] =>
      existsSync(directory) ? readdirSync(directory).map((name) => join(directory, name)) : [];
    return [
      ...this.keys(),
      ...inside(join(this.source.state, 'sending')),
      ...inside(join(this.destination.state, 'receiving')),
      ...inside(join(this.destination.state, 'copies')),
    ];
  }

  playbook(input: object): string {
    const file = join(this.base, 'laptop/playbook.yaml');
    writeFileSync(
      file,
      JSON.stringify({
        hosts: 'a',
        steps: [
          { name: 'Send', send_volume: { from: { path: this.from }, to: { host: 'b', path: this.to }, ...input } },
        ],
      }),
    );
    return file;
  }

  begin(...args: readonly string[]): { readonly ended: Promise<Ended>; kill(): void } {
    const env = { ...process.env, XDG_STATE_HOME: join(this.base, 'laptop/state'), HOME: join(this.base, 'laptop') };
    const child = spawn(process.execPath, [main, ...args, '-i', join(this.base, 'laptop/inventory.yaml')], {
      cwd: root,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject).once('close', (code) => {
        resolve({ code, printed });
      });
    });
    return { ended, kill: () => child.kill('SIGKILL') };
  }

  plimsoll(...args: readonly string[]): Promise<Ended> {
    return this.begin(...args).ended;
  }

  /** What somebody comes to who has got hold of the key. */
  withKey(...command: readonly string[]): { readonly status: number | null; readonly printed: string } {
    const [directory = ''] = readdirSync(join(this.source.state, 'sending')).map((name) =>
      join(this.source.state, 'sending', name),
    );
    const { address, port } = this.destination.sshd;
    const { status, stdout, stderr } = spawnSync(
      'ssh',
      [
        '-F',
        'none',
        '-i',
        join(directory, 'key'),
        '-o',
        'IdentitiesOnly=yes',
        '-o',
        'BatchMode=yes',
        '-o',
        'StrictHostKeyChecking=no',
        '-o',
        'UserKnownHostsFile=/dev/null',
        '-o',
        'LogLevel=ERROR',
        '-b',
        '127.0.0.1',
        '-p',
        String(port),
        `root@${address}`,
        ...command,
      ],
      { encoding: 'utf8' },
    );
    return { status, printed: `${stdout}${stderr}` };
  }
}

async function startSide(base: string, name: string, address: string, user?: string): Promise<Side> {
  const [bin, state, keysFile] = [
    join(base, `${name}-bin`),
    join(base, `${name}-state`),
    user === undefined ? join(base, `${name}-keys`) : `/home/${user}/.ssh/authorized_keys`,
  ];
  mkdirSync(bin);
  const program = (called: string, text: string): void => {
    writeFileSync(join(bin, called), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  };
  program('sshd', `echo authorizedkeysfile ${user === undefined ? keysFile : '.ssh/authorized_keys'}`);
  program('docker', 'case $1 in ps | volume) exit 0 ;; esac; echo "no docker $*" >&2; exit 1');
  const login = join(base, `${name}-login`);
  // Whatever a login says of PATH, plimsoll looks in the system's directories first: the login itself puts these before them.
  writeFileSync(
    login,
    `#!/bin/sh\nexec /bin/sh -c "$(printf '%s' "$SSH_ORIGINAL_COMMAND" | sed 's|PATH=/usr/local/sbin:|PATH=${bin}:/usr/local/sbin:|g')"\n`,
    { mode: 0o755 },
  );
  const sshd = await startSshd({ listen: [address], config: [`AuthorizedKeysFile ${login}.pub ${keysFile}`] });
  writeFileSync(`${login}.pub`, `command="${login}" ${readFileSync(`${sshd.identityFile}.pub`, 'utf8')}`);
  return { sshd, state, keysFile };
}
