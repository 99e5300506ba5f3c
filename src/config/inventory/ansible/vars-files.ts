import { join } from 'node:path';
import type { ConfigIssue } from '../../../errors.ts';
import { whyUnreadable, type ConfigIo } from '../../model/io.ts';
import type { Variables } from './graph.ts';
import { compareAsPython } from './precedence.ts';
import { readText } from './text.ts';
import { readYaml11 } from './yaml11.ts';

/** What the files of one group or host say, or why they could not be read. */
export interface VarsRead {
  readonly vars: Variables;
  /** They stop the hosts that the files are about. */
  readonly issues: readonly ConfigIssue[];
}

type Reader = Pick<ConfigIo, 'readFile' | 'listDirectory'>;

const maxDepth = 16;
const extensions = ['', '.yml', '.yaml', '.json'];

/** `group_vars` or `host_vars` in one directory: which files there are is looked up once. */
export class VarsDirectory {
  readonly #io: Reader;
  readonly #path: string;
  readonly #entries: Promise<ReadonlyMap<string, 'file' | 'directory'> | undefined>;
  readonly #known = new Map<string, Promise<VarsRead | undefined>>();

  constructor(io: Reader, parent: string, kind: 'group_vars' | 'host_vars') {
    this.#io = io;
    this.#path = join(parent, kind);
    this.#entries = io
      .listDirectory(this.#path)
      .then((found) => found && new Map(found.map((one) => [one.name, one.kind])));
  }

  /** Nothing when nothing is said of it. */
  async read(name: string): Promise<VarsRead | undefined> {
    const entries = await this.#entries;
    if (entries === undefined || entries.size === 0 || name.startsWith('/')) return undefined;
    const found = extensions.map((extension) => name + extension).find((file) => entries.has(file));
    if (found === undefined) return undefined;
    const known = this.#known.get(found) ?? this.#readAll(join(this.#path, found), entries.get(found) ?? 'file');
    this.#known.set(found, known);
    return known;
  }

  async #readAll(path: string, kind: 'file' | 'directory'): Promise<VarsRead> {
    const files = kind === 'file' ? [path] : await this.#filesIn(path);
    const vars: Variables = new Map();
    const issues: ConfigIssue[] = [];
    for (const file of files) {
      const read = await readVarsFile(file, this.#io);
      for (const [name, variable] of read.vars) vars.set(name, variable);
      issues.push(...read.issues);
    }
    return { vars, issues };
  }

  /** A link may lead back: nothing is looked for that deep. */
  async #filesIn(path: string, depth = 0): Promise<readonly string[]> {
    if (depth > maxDepth) return [];
    const entries = [...((await this.#io.listDirectory(path)) ?? [])].sort((a, b) => compareAsPython(a.name, b.name));
    const files: string[] = [];
    for (const { name, kind } of entries) {
      if (name.startsWith('.') || name.endsWith('~')) continue;
      const extension = /[^.](\.[^.]*)$/.exec(name)?.[1] ?? '';
      if (kind === 'directory' && extension === '') files.push(...(await this.#filesIn(join(path, name), depth + 1)));
      else if (kind === 'file' && extensions.includes(extension)) files.push(join(path, name));
    }
    return files;
  }
}

async function readVarsFile(file: string, io: Reader): Promise<VarsRead> {
  const failed = (issue: ConfigIssue): VarsRead => ({ vars: new Map(), issues: [issue] });
  let bytes;
  try {
    bytes = await io.readFile(file);
  } catch (thrown) {
    return failed({ file, message: `the file cannot be read: ${whyUnreadable(thrown)}` });
  }
  const read = readText(file, bytes);
  if ('issue' in read) return failed(read.issue);
  const { source } = read;
  if (source.text.startsWith('$ANSIBLE_VAULT;'))
    return failed({
      file,
      line: 1,
      message:
        'the file is encrypted (ansible-vault), so it is not known what it says of them: --run-inventory has ansible-inventory read it',
    });
  const { tree, issues } = readYaml11(source);
  if (issues.length > 0) return { vars: new Map(), issues };
  if (tree === undefined || tree.value === null) return { vars: new Map(), issues: [] };
  if (tree.entries === undefined) return failed({ file, line: 1, message: 'the file is to be a mapping of variables' });
  return {
    vars: new Map(
      Array.from(tree.entries, ([name, { key, tree: value }]) => [
        name,
        { value: value.value, spot: { source, span: key } },
      ]),
    ),
    issues: [],
  };
}
