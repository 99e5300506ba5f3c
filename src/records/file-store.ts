import { randomBytes } from 'node:crypto';
import { constants, readdirSync, readFileSync } from 'node:fs';
import { access, link, mkdir, open, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { AppError } from '../errors.ts';
import type { JsonObject } from '../values/json.ts';
import { parseJson } from '../values/json.ts';
import { giveTurn } from '../values/turn.ts';
import { jsonObjectSchema } from '../plan/change-schema.ts';
import { syncDirectory } from '../run/reach/durable-files.ts';
import type { Store, Stored } from './store.ts';
import { textOf, unavailable } from './store.ts';

/**
 * Values as files of this machine: `KEY/1.json`, `KEY/2.json`, …, one for each time that the value was
 * written, the last of which counts. A new one is linked into place, which only one of several writers
 * can do, so that no lock is needed, none is ever left behind, and a reader never sees half a file. A
 * value is written a few times at most, and what it was before stays readable.
 */
export function createFileStore(directory: string): Store {
  return new FileStore(directory);
}

class FileStore implements Store {
  readonly place: string;
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
    this.place = `file:${directory}`;
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#tried(signal, async () => {
      await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      await access(this.#directory, constants.R_OK | constants.W_OK | constants.X_OK);
    });
  }

  get(key: string, signal: AbortSignal): Promise<Stored | undefined> {
    return this.#tried(signal, async () => {
      const revision = await this.#newest(key);
      return revision === undefined ? undefined : this.#read(key, revision);
    });
  }

  list(prefix: string, signal: AbortSignal): Promise<readonly Stored[]> {
    return this.#tried(signal, async () => {
      const found: Stored[] = [];
      for (const [key, revision] of await this.#under(prefix)) {
        signal.throwIfAborted();
        found.push(await this.#read(key, revision));
      }
      return found;
    });
  }

  /** There may be tens of thousands of files: read at once, each is a fifth of the work that it is by way of other threads. */
  listEach(directory: string, rest: string, signal: AbortSignal): Promise<readonly Stored[]> {
    return this.#tried(signal, async () => {
      const found: Stored[] = [];
      for (const segment of await directoriesIn(this.#pathOf(directory))) {
        const prefix = `${directory}${segment}${rest}`;
        await giveTurn(signal);
        for (const [key, revision] of newestOf(prefix, prefix, namesAtOnce(this.#pathOf(prefix))))
          found.push(this.#stored(key, revision, readFileSync(this.#pathOf(key, revision), 'utf8')));
      }
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    });
  }

  createIfAbsent(key: string, value: JsonObject, signal: AbortSignal): Promise<boolean> {
    return this.#tried(signal, () => this.#write(key, 1, value));
  }

  compareAndSwap(key: string, revision: string, value: JsonObject, signal: AbortSignal): Promise<boolean> {
    return this.#tried(
      signal,
      async () => (await this.#newest(key)) === Number(revision) && this.#write(key, Number(revision) + 1, value),
    );
  }

  #pathOf(key: string, revision?: number): string {
    const directory = join(this.#directory, ...key.split('/'));
    return revision === undefined ? directory : join(directory, `${String(revision)}.json`);
  }

  async #newest(key: string): Promise<number | undefined> {
    const revisions = (await namesIn(this.#pathOf(key))).map(revisionOf).filter((revision) => revision !== undefined);
    return revisions.length === 0 ? undefined : Math.max(...revisions);
  }

  /** The keys with that prefix and their newest revisions, in order. */
  async #under(prefix: string): Promise<readonly (readonly [string, number])[]> {
    const top = prefix.slice(0, prefix.lastIndexOf('/') + 1);
    return newestOf(top, prefix, await namesIn(this.#pathOf(top), true));
  }

  async #read(key: string, revision: number): Promise<Stored> {
    return this.#stored(key, revision, await readFile(this.#pathOf(key, revision), 'utf8'));
  }

  #stored(key: string, revision: number, text: string): Stored {
    const value = parsed(text);
    if (value === undefined)
      throw unavailable(this.place, `${this.#pathOf(key, revision)} is no JSON object`, {
        hint: 'put back a copy of it, or remove it: the version before it then counts',
      });
    return { key, value, revision: String(revision) };
  }

  /** Whether this writer was the first with that revision. */
  async #write(key: string, revision: number, value: JsonObject): Promise<boolean> {
    const text = textOf(key, value);
    const directory = this.#pathOf(key);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const part = join(directory, `.${randomBytes(8).toString('hex')}`);
    try {
      await written(part, text);
      await link(part, this.#pathOf(key, revision));
    } catch (thrown) {
      if (isErrno(thrown, 'EEXIST')) return false;
      throw thrown;
    } finally {
      await rm(part, { force: true });
    }
    for (let each = directory; each.length >= this.#directory.length; each = dirname(each)) await syncDirectory(each);
    return true;
  }

  async #tried<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof AppError || signal.aborted) throw thrown;
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      throw unavailable(this.place, why, {
        cause: thrown,
        hint: 'make the directory readable and writable for you, with room in it; or keep the records elsewhere: --records file:DIR',
      });
    }
  }
}

/** The keys with that prefix and their newest revisions, in order. `paths`: of files below the directory `top`. */
function newestOf(top: string, prefix: string, paths: readonly string[]): readonly (readonly [string, number])[] {
  const newest = new Map<string, number>();
  for (const path of paths) {
    const parts = path.split(sep);
    const revision = revisionOf(parts.pop() ?? '');
    const key = `${top}${parts.join('/')}`;
    if (revision !== undefined && key.startsWith(prefix)) newest.set(key, Math.max(revision, newest.get(key) ?? 0));
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1));
}

function revisionOf(name: string): number | undefined {
  return /^[1-9]\d{0,8}\.json$/.test(name) ? Number.parseInt(name, 10) : undefined;
}

async function directoriesIn(directory: string): Promise<readonly string[]> {
  const entries = await orNothing(readdir(directory, { withFileTypes: true }));
  return entries.filter((entry) => entry.isDirectory() || entry.isSymbolicLink()).map(({ name }) => name);
}

function namesIn(directory: string, recursive = false): Promise<readonly string[]> {
  return orNothing(readdir(directory, { recursive }));
}

function namesAtOnce(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { recursive: true, encoding: 'utf8' });
  } catch (thrown) {
    return nothing(thrown);
  }
}

async function orNothing<Entry>(entries: Promise<readonly Entry[]>): Promise<readonly Entry[]> {
  try {
    return await entries;
  } catch (thrown) {
    return nothing(thrown);
  }
}

/** In a directory that is not there. */
function nothing(thrown: unknown): readonly never[] {
  if (isErrno(thrown, 'ENOENT')) return [];
  throw thrown;
}

function parsed(text: string): JsonObject | undefined {
  return jsonObjectSchema.safeParse(parseJson(text)).data;
}

async function written(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function isErrno(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}
