import type { ConfigIo } from '../../src/config/model/io.ts';
import { ConfigError, type ConfigIssue } from '../../src/errors.ts';

type Answer = Awaited<ReturnType<ConfigIo['runCommand']>>;

interface Laptop {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly env?: ConfigIo['env'];
  /** 0600 when absent. */
  readonly modes?: Readonly<Record<string, number>>;
  readonly commands?: Readonly<Record<string, Answer>>;
  /** What `ssh` answers; there is none when absent. */
  readonly ssh?: NonNullable<ConfigIo['askSsh']>;
}

/** A laptop that exists in memory only. */
export function laptop({
  files = {},
  env = {},
  modes = {},
  commands = {},
  ssh,
}: Laptop): ConfigIo & { readonly ran: readonly string[] } {
  const ran: string[] = [];
  return {
    ran,
    env,
    homeDir: '/home/ada',
    userName: 'ada',
    ...(ssh === undefined ? {} : { askSsh: ssh }),
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) return Promise.reject(Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' }));
      return Promise.resolve(typeof content === 'string' ? new TextEncoder().encode(content) : content);
    },
    fileMode: (path) => Promise.resolve(modes[path] ?? 0o600),
    fileExists: (path) => Promise.resolve(Object.hasOwn(files, path)),
    listDirectory: (path) => {
      const below = Object.keys(files)
        .filter((file) => file.startsWith(`${path}/`))
        .map((file) => file.slice(path.length + 1).split('/'));
      const names = new Map(
        below.map(([name = '', ...rest]) => [name, rest.length > 0 ? 'directory' : 'file'] as const),
      );
      return Promise.resolve(names.size === 0 ? undefined : Array.from(names, ([name, kind]) => ({ name, kind })));
    },
    runCommand: (argv) => {
      const command = argv.join(' ');
      ran.push(command);
      const answer = commands[command];
      return answer === undefined
        ? Promise.reject(Object.assign(new Error('spawn ENOENT'), { code: 'ENOENT' }))
        : Promise.resolve(answer);
    },
  };
}

export function printIssue({ file, line, column, message, frame }: ConfigIssue): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(':');
  return `${place}: ${message}\n${frame === undefined ? '' : `${frame}\n`}`;
}

/** The issues with which a promise is rejected; an empty list when it is not. */
export async function issuesOf(work: Promise<unknown>): Promise<readonly ConfigIssue[]> {
  try {
    await work;
    return [];
  } catch (thrown) {
    if (thrown instanceof ConfigError) return thrown.issues;
    throw thrown;
  }
}
