/** What the configuration reads of the laptop, so that tests need none of it. */
export interface ConfigIo {
  /** Rejects with the file system's own error (`code: 'ENOENT'`). */
  readFile(path: string): Promise<Uint8Array>;
  fileExists(path: string): Promise<boolean>;
  /** What is in a directory; undefined when it is none. */
  listDirectory(
    path: string,
  ): Promise<readonly { readonly name: string; readonly kind: 'file' | 'directory' }[] | undefined>;
  /** Its permissions; undefined where they cannot be read. */
  fileMode(path: string): Promise<number | undefined>;
  /** Runs a program without a shell, for `{ command: [...] }`: 30 seconds and 1 MiB where nothing else is said. */
  runCommand(
    argv: readonly string[],
    limits?: {
      readonly timeoutMs?: number;
      readonly maxBytes?: number;
      readonly env?: Readonly<Record<string, string>>;
    },
  ): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }>;
  /**
   * Asks the system's `ssh` something that it answers without connecting. It has no terminal, and is ended when its
   * time is over. Rejects with `code: 'ENOENT'` where there is no such program, as if this were absent.
   */
  readonly askSsh?: (args: readonly string[], timeoutMs: number) => Promise<SshRan>;
  /** The home directory of the laptop's user as the system has it, whatever HOME says: what `ssh` calls `~`. */
  readonly accountHome?: string;
  /** As Node calls it; Linux when absent. */
  readonly platform?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  /** The laptop's user: the login name where the inventory gives none. */
  readonly userName: string;
  /** Ends what only computes: expressions on many hosts. */
  readonly signal?: AbortSignal | undefined;
}

export interface SshRan {
  readonly status: number | 'late';
  readonly stdout: string;
  readonly stderr: string;
}

/** `~` and `~/x` are the laptop's home directory. */
export function expandHome(path: string, io: Pick<ConfigIo, 'homeDir'>): string {
  return path === '~' || path.startsWith('~/') ? io.homeDir + path.slice(1) : path;
}

/** Why a file could not be read, in words. */
export function whyUnreadable(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'there is no such file';
    case 'EACCES':
      return 'it may not be read (permission denied)';
    case 'EISDIR':
      return 'it is a directory';
    default:
      return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
