import type { ConfigIssue } from '../../../errors.ts';
import type { Json } from '../../../values/json.ts';
import { issueAt, type Source, type Span } from '../../yaml/source.ts';
import { type Graph, type GroupNode, setOfGroup, type Spot } from './graph.ts';
import { hostPattern, HostPatternMistake } from './host-pattern.ts';
import { pythonLiteral } from './literal.ts';
import { WordMistake, wordsOf } from '../../model/words.ts';

const section = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;
const child = /^([^:\]\s]+)\s*(?:#.*)?$/;
/** Python's `splitlines`: Ansible counts and divides lines by it. */
const lineEnd = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

/** Adds what an INI file says to the graph. Whatever Ansible refuses a file for is an issue. */
export function readIni(source: Source, graph: Graph): readonly ConfigIssue[] {
  return new IniReader(source, graph).read();
}

class IniReader {
  readonly #source: Source;
  readonly #graph: Graph;
  readonly #issues: ConfigIssue[] = [];
  /** Groups that are spoken of before they are there: as children, with their parents, or as owners of variables. */
  readonly #pending = new Map<string, { readonly spot: Spot; readonly parents: GroupNode[] | undefined }>();
  readonly #values = new Map<string, Json>();
  #group: GroupNode;
  #kind = 'hosts';

  constructor(source: Source, graph: Graph) {
    this.#source = source;
    this.#graph = graph;
    this.#group = graph.addGroup('ungrouped', this.#spot({ start: 0, end: 1 }));
  }

  read(): readonly ConfigIssue[] {
    const { text } = this.#source;
    let start = 0;
    for (const end of text.matchAll(lineEnd)) {
      this.#line(text.slice(start, end.index), start);
      start = end.index + end[0].length;
    }
    this.#line(text.slice(start), start);
    for (const [name, { spot, parents }] of this.#pending)
      this.#complain(
        spot.span,
        parents === undefined
          ? `[${name}:vars] is about a group that is nowhere: write [${name}] with its hosts, or correct the name`
          : `there is no group "${name}": write [${name}] with its hosts, or correct the name`,
      );
    return this.#issues;
  }

  #line(whole: string, offset: number): void {
    const line = whole.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) return;
    const start = offset + whole.indexOf(line);
    const span = { start, end: start + line.length };
    if (line.startsWith('[')) {
      const header = section.exec(line);
      if (header?.[1] !== undefined) {
        this.#section(header[1], header[2] ?? 'hosts', span);
        return;
      }
      if (line.endsWith(']')) {
        this.#complain(span, 'this is no section: write [group], [group:children] or [group:vars], without blanks');
        return;
      }
    }
    if (this.#kind === 'vars') this.#variable(line, span);
    else if (this.#kind === 'children') this.#child(line, span);
    else if (this.#kind === 'hosts') this.#hosts(line, span);
  }

  #section(name: string, kind: string, span: Span): void {
    this.#kind = kind;
    if (!['hosts', 'children', 'vars'].includes(kind)) {
      this.#complain(span, `this is no section: write [${name}], [${name}:children] or [${name}:vars]`);
      return;
    }
    const spot = this.#spot(span);
    if (!this.#graph.groups.has(name) && kind === 'vars' && !this.#pending.has(name))
      this.#pending.set(name, { spot, parents: undefined });
    this.#group = this.#graph.addGroup(name, spot);
    if (kind === 'vars') return;
    const pending = this.#pending.get(name);
    this.#pending.delete(name);
    for (const parent of pending?.parents ?? []) this.#addChild(parent, this.#group, pending?.spot.span ?? span);
  }

  #variable(line: string, span: Span): void {
    const equals = line.indexOf('=');
    if (equals === -1) {
      this.#complain(span, `[${this.#group.name}:vars] holds name=value, and there is no "=" here`);
      return;
    }
    const name = line.slice(0, equals).trim();
    setOfGroup(this.#group, name, { value: this.#value(line.slice(equals + 1).trim()), spot: this.#spot(span) });
  }

  #child(line: string, span: Span): void {
    const name = child.exec(line)?.[1];
    if (name === undefined) {
      this.#complain(span, `[${this.#group.name}:children] holds names of groups, one a line, and nothing else`);
      return;
    }
    const known = this.#graph.groups.get(name);
    const pending = this.#pending.get(name);
    if (known !== undefined) this.#addChild(this.#group, known, span);
    else if (pending?.parents !== undefined) pending.parents.push(this.#group);
    else this.#pending.set(name, { spot: this.#spot(span), parents: [this.#group] });
  }

  #hosts(line: string, span: Span): void {
    try {
      const [first, ...settings] = wordsOf(line);
      if (first === undefined) return;
      const at = { start: span.start, end: span.start + first.text.length };
      const { names, port } = hostPattern(first.text);
      if (first.text.trim() === '---')
        throw new HostPatternMistake('"---" begins a YAML file: name it *.yaml, or take the line out');
      const strange = settings.find(({ text }) => !text.includes('='));
      if (strange !== undefined)
        this.#complain(
          { start: span.start + strange.at, end: span.start + strange.at + strange.text.length },
          `after a host there is name=value, not "${strange.text}"`,
        );
      const vars = settings.map(({ text, at: from }) => {
        const equals = text.indexOf('=');
        return {
          name: text.slice(0, equals),
          value: this.#value(text.slice(equals + 1)),
          spot: this.#spot({ start: span.start + from, end: span.start + from + text.length }),
        };
      });
      const spot = this.#spot(at);
      for (const name of names) {
        const host = this.#graph.addHost(name, spot, this.#group, port);
        for (const variable of vars) this.#graph.setOfHost(host, variable.name, variable);
      }
    } catch (thrown) {
      if (!(thrown instanceof HostPatternMistake) && !(thrown instanceof WordMistake)) throw thrown;
      this.#complain(span, thrown.message);
    }
  }

  /** Many hosts have the same values. */
  #value(text: string): Json {
    const known = this.#values.get(text);
    if (known !== undefined) return known;
    const value = pythonLiteral(text)?.value ?? text;
    if (this.#values.size < 10_000) this.#values.set(text, value);
    return value;
  }

  #addChild(parent: GroupNode, group: GroupNode, span: Span): void {
    const circle = this.#graph.addChild(parent, group);
    if (circle !== undefined) this.#complain(span, `these groups contain each other: ${circle.join(' → ')}`);
  }

  #complain(span: Span, message: string): void {
    this.#issues.push(issueAt(this.#source, span, message));
  }

  #spot(span: Span): Spot {
    return { source: this.#source, span };
  }
}
