import { spawn, spawnSync } from 'node:child_process';

export type Argv = readonly [string, ...string[]];

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Options {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** Runs a program to its end; a non-zero exit is a result like any other. */
export function attempt(argv: Argv, options: Options = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const [file, ...args] = argv;
    const child = spawn(file, args, {
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' as const }),
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.on('error', () => undefined); // the program may end without reading all of it
    child.on('error', (cause) => {
      reject(new Error(`cannot run ${file}: ${cause.message}`, { cause }));
    });
    const done = (code: number | null): void => {
      resolve({ code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    };
    child.on('close', done);
    // A killed ssh leaves its pipes open in the hands of its ControlMaster.
    child.on('exit', (code, signal) => {
      if (signal === null) return;
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        done(code);
      }, 100);
    });
    child.stdin?.end(options.stdin);
  });
}

/** Runs a program which must succeed, and gives what it printed. */
export async function run(argv: Argv, options: Options = {}): Promise<string> {
  const result = await attempt(argv, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-15).join('\n');
  const ended = result.code === null ? 'was killed' : `exited ${String(result.code)}`;
  throw new Error(`${argv.slice(0, 4).join(' ')} … ${ended}${said === '' ? '' : `:\n${said}`}`);
}

/** The first line a program prints about itself, or undefined when it is not installed. */
export function versionLine(argv: Argv): string | undefined {
  const [file, ...args] = argv;
  const result = spawnSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return result.status === 0 ? (result.stdout.split('\n')[0] ?? '') : undefined;
}

/** Makes the kernel kill the program when the process that started it ends, however that ends. */
export function tied(argv: Argv): Argv {
  return ['setpriv', '--pdeathsig', 'KILL', '--', ...argv];
}
