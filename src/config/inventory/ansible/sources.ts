import { basename, dirname, join } from 'node:path';
import type { ConfigIssue } from '../../../errors.ts';
import { byHand } from '../../../values/shell.ts';
import { neutralise } from '../../../values/terminal.ts';
import { whyUnreadable, type ConfigIo } from '../../model/io.ts';
import { makeSource, type Source } from '../../yaml/source.ts';
import { readAnsibleConfig, type AnsibleConfig } from './config-file.ts';
import { Graph } from './graph.ts';
import { hostPattern, HostPatternMistake } from './host-pattern.ts';
import { readIni } from './ini.ts';
import { isListing, readListing } from './listing.ts';
import { compareAsPython } from './precedence.ts';
import { isProgram, recognise, saysSomething, type Kind } from './recognise.ts';
import { maxBytes, readText } from './text.ts';
import { readYaml11 } from './yaml11.ts';
import { readYamlGroups } from './yaml-groups.ts';

/** What the command line has to do with inventories that are not only files of hosts. */
export interface InventoryWishes {
  /** Where the playbook is: its group_vars and host_vars hold, too. */
  readonly playbookDirectory?: string;
  /** Told before Ansible's own program reads its inventories; absent when that may not be run. */
  readonly running?: ((line: string, where: string) => void) | undefined;
}

export interface SourcesRead {
  /** All that was given, or what is taken where nothing was. */
  readonly files: readonly string[];
  /** Files in plimsoll's own format. */
  readonly ours: readonly string[];
  /** Undefined when nothing of Ansible's was given. */
  readonly ansible?: AnsibleSources;
  readonly issues: readonly ConfigIssue[];
  readonly warnings: readonly ConfigIssue[];
}

export interface AnsibleSources {
  readonly graph: Graph;
  readonly config: AnsibleConfig;
  /** Beside which there may be group_vars and host_vars, in order. */
  readonly directories: readonly string[];
}

/** Reads the files, and all files of directories, each as what it is. */
export async function readSources(
  given: readonly string[],
  io: ConfigIo,
  wishes: InventoryWishes,
): Promise<SourcesRead> {
  const files = given.length > 0 ? given : await filesOfHere(io);
  const reader = new SourceReader(io, wishes);
  for (const file of files) await reader.read(file);
  const { ours, issues, warnings, isAnsible, graph, directories } = reader;
  if (!isAnsible) return { files, ours, issues, warnings };
  const config = await readAnsibleConfig(io);
  graph.reconcile();
  return {
    files,
    ours,
    ansible: { graph, config, directories },
    issues: [...issues, ...config.issues],
    warnings: [...warnings, ...config.warnings],
  };
}

const usual = 'inventory.yaml';

/** Where no inventory is named: inventory.yaml in the current directory, or what Ansible's configuration names. */
async function filesOfHere(io: ConfigIo): Promise<readonly string[]> {
  if (await io.fileExists(usual)) return [usual];
  const { inventory } = await readAnsibleConfig(io);
  return inventory.length > 0 ? inventory : [usual];
}

const ignoredNames = /^(?:\.|host_vars$|group_vars$|vars_plugins$)/;
const ignoredEnds = /(?:~|\.(?:pyc|pyo|swp|bak|rpm|md|txt|rst|orig|cfg|retry|ini))$/;
const timeoutMs = 300_000;
/** Of directories in one another: a link may lead back. */
const maxDepth = 16;

interface Known {
  readonly kind: Kind;
  readonly source: Source;
}

class SourceReader {
  readonly graph = new Graph();
  readonly ours: string[] = [];
  readonly directories: string[] = [];
  readonly issues: ConfigIssue[] = [];
  readonly warnings: ConfigIssue[] = [];
  isAnsible = false;
  readonly #io: ConfigIo;
  readonly #wishes: InventoryWishes;

  constructor(io: ConfigIo, wishes: InventoryWishes) {
    this.#io = io;
    this.#wishes = wishes;
  }

  /** One `-i`. What only Ansible can read in it makes all of it Ansible's to read: its parts speak of one another. */
  async read(file: string): Promise<void> {
    const entries = await this.#io.listDirectory(file);
    if (entries === undefined && file.includes(',') && !(await this.#io.fileExists(file))) {
      this.#hostList(file);
      return;
    }
    const files = entries === undefined ? [file] : await this.#filesIn(file);
    if (entries !== undefined) this.isAnsible = true;
    const found: { readonly file: string; readonly bytes: Uint8Array }[] = [];
    for (const one of files) {
      try {
        found.push({ file: one, bytes: await this.#io.readFile(one) });
      } catch (thrown) {
        this.issues.push({ file: one, message: `the file cannot be read: ${whyUnreadable(thrown)}` });
      }
    }
    const kinds = found.map(({ file: one, bytes }) => ({ file: one, ...this.#kindOf(one, bytes) }));
    const foreign = kinds.find(({ kind }) => kind.kind === 'foreign');
    if (foreign?.kind.kind === 'foreign') {
      await this.#throughAnsible(file, foreign.file, foreign.kind.what);
      return;
    }
    const isTheirs = kinds.some(({ kind }) => kind.kind === 'ini' || kind.kind === 'yaml');
    if (this.#wishes.running !== undefined && (isTheirs || entries !== undefined)) {
      await this.#throughAnsible(file, file, "it is an inventory of Ansible's");
      return;
    }
    const isPart = entries !== undefined;
    let needsVars = isPart;
    for (const one of kinds) {
      this.#readOne(one, isPart);
      if (one.kind.kind === 'ini' || one.kind.kind === 'yaml') needsVars = true;
    }
    if (needsVars) this.directories.push(isPart ? file : dirname(file));
  }

  #kindOf(file: string, bytes: Uint8Array): Known {
    if (isProgram(file, bytes))
      return { kind: { kind: 'foreign', what: 'it is a program (an inventory script)' }, source: makeSource(file, '') };
    const read = readText(file, bytes);
    if ('issue' in read) {
      this.issues.push(read.issue);
      return { kind: { kind: 'unreadable', message: '' }, source: makeSource(file, '') };
    }
    return { kind: recognise(read), source: read.source };
  }

  #readOne({ file, kind, source }: { readonly file: string } & Known, isPart: boolean): void {
    switch (kind.kind) {
      case 'ours':
        if (!isPart) this.ours.push(file);
        else if (saysSomething(source.text))
          this.issues.push({
            file,
            message: `in a directory there are only inventories of Ansible's: name this one by itself, with -i ${byHand(file)}`,
          });
        return;
      case 'ini':
        this.isAnsible = true;
        this.issues.push(...readIni(source, this.graph));
        return;
      case 'yaml':
        this.#yaml(file, source, isPart);
        return;
      case 'listing':
        this.isAnsible = true;
        this.issues.push(...readListing(source, kind.value, this.graph));
        return;
      case 'unreadable':
        if (kind.message !== '') this.issues.push({ file, line: 1, message: kind.message });
        return;
      case 'foreign':
    }
  }

  #yaml(file: string, source: Source, isPart: boolean): void {
    const { tree, issues, warnings } = readYaml11(source);
    const hasGroups = Array.from(tree?.entries ?? []).some(
      ([name, { tree: body }]) =>
        name === 'all' || ['hosts', 'children', 'vars'].some((part) => body.entries?.has(part) === true),
    );
    // What is nobody's is told of by whoever reads our own.
    if (issues.length === 0 && !hasGroups && !isPart) {
      this.ours.push(file);
      return;
    }
    this.isAnsible = true;
    this.issues.push(...issues);
    if (tree === undefined) return;
    const read = readYamlGroups(source, tree, this.graph);
    this.issues.push(...read.issues);
    this.warnings.push(...warnings, ...read.warnings);
  }

  /** `-i web1,web2:2222,` names hosts itself. */
  #hostList(text: string): void {
    this.isAnsible = true;
    const source = makeSource('-i', text);
    const ungrouped = this.graph.addGroup('ungrouped', { source, span: { start: 0, end: 1 } });
    for (const one of text.split(',')) {
      const name = one.trim();
      if (name === '') continue;
      const start = text.indexOf(name);
      try {
        const { names, port } = hostPattern(name);
        for (const host of names)
          this.graph.addHost(host, { source, span: { start, end: start + name.length } }, ungrouped, port);
      } catch (thrown) {
        if (!(thrown instanceof HostPatternMistake)) throw thrown;
        this.issues.push({ file: '-i', message: thrown.message });
      }
    }
  }

  /** All files of a directory and those below it, in the order in which Ansible reads them. */
  async #filesIn(directory: string, depth = 0): Promise<readonly string[]> {
    if (depth > maxDepth) {
      this.issues.push({ file: directory, message: 'it lies too deep: a link leads back, perhaps' });
      return [];
    }
    const entries = [...((await this.#io.listDirectory(directory)) ?? [])];
    const files: string[] = [];
    for (const { name, kind } of entries.sort((a, b) => compareAsPython(a.name, b.name))) {
      const path = join(directory, name);
      if (name.endsWith('.ini'))
        this.warnings.push({
          file: path,
          message:
            'in a directory Ansible passes over files that end with .ini, and so does plimsoll: give it another name',
        });
      if (ignoredNames.test(name) || ignoredEnds.test(name)) continue;
      files.push(...(kind === 'directory' ? await this.#filesIn(path, depth + 1) : [path]));
    }
    return files;
  }

  async #throughAnsible(source: string, file: string, what: string): Promise<void> {
    const { playbookDirectory, running } = this.#wishes;
    const besidePlaybook = playbookDirectory === undefined ? [] : ['--playbook-dir', playbookDirectory];
    const argv = ['ansible-inventory', '-i', source, '--list', ...besidePlaybook] as const;
    const line = byHand(...argv);
    const byFile = `${line} > ${byHand(`${basename(source).replace(/\.\w+$/, '')}.json`)} writes what it comes to into a file, which -i reads`;
    const complain = (why: string): void =>
      void this.issues.push({ file, message: neutralise(`${what}, of which only Ansible makes hosts${why}`) });
    if (running === undefined) {
      complain(`: ${byFile}; or --run-inventory has plimsoll run it`);
      return;
    }
    running(line, file);
    let answer;
    try {
      answer = await this.#io.runCommand(argv, {
        maxBytes,
        timeoutMs,
        env: { ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED: 'true', ANSIBLE_NOCOLOR: 'true' },
      });
    } catch (thrown) {
      complain(
        `, and ansible-inventory could not be run here: ${whyUnreadable(thrown)}. Where it is installed, ${byFile}`,
      );
      return;
    }
    const { status, stdout, stderr } = answer;
    const value: unknown = status === 0 ? parsed(stdout) : undefined;
    if (!isListing(value)) {
      const said = stderr.trim().split('\n').slice(-3).join(' ').slice(0, 500);
      complain(`, and ${line} ended with status ${String(status)}${said === '' ? '' : `: ${said}`}`);
      return;
    }
    this.isAnsible = true;
    this.issues.push(...readListing(makeSource(`${source} (ansible-inventory --list)`, stdout), value, this.graph));
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
