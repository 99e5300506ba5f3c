import type { ConfigIssue } from '../../errors.ts';
import type { Json, JsonObject } from '../../values/json.ts';
import { issueAt, type Source, type Span } from '../yaml/source.ts';

/** A host or group of an Ansible inventory, as far as one line says it. */
export interface AnsibleLine {
  readonly kind: 'host' | 'child' | 'vars';
  /** The section's group; `all` for what stands before the first one. */
  readonly group: string;
  /** Of a host or a child. */
  readonly name: string;
  readonly vars: JsonObject;
  readonly span: Span;
}

const section = /^\[([^\]:]+)(?::(children|vars|hosts))?\]$/;

/** Whether a text is an Ansible inventory in INI format: it has a section line, which YAML cannot start a line with. */
export function looksLikeIni(file: string, text: string): boolean {
  return (
    /\.ini$/.test(file) ||
    (/^\[[\w.-]+(?::(?:children|vars|hosts))?\]\s*$/m.test(text) && !/^(?:hosts|groups|all|steps)\s*:/m.test(text))
  );
}

/** The lines of the file that say something, in order. */
export function readIni(source: Source): {
  readonly lines: readonly AnsibleLine[];
  readonly sections: readonly { readonly group: string; readonly span: Span }[];
  readonly issues: readonly ConfigIssue[];
} {
  const issues: ConfigIssue[] = [];
  const lines: AnsibleLine[] = [];
  const sections: { readonly group: string; readonly span: Span }[] = [];
  let group = 'ungrouped';
  let kind: 'hosts' | 'children' | 'vars' = 'hosts';
  for (const [index, start] of source.lineStarts.entries()) {
    const whole = source.text.slice(start, source.lineStarts[index + 1]).trimEnd();
    const text = whole.trim();
    const from = start + whole.length - whole.trimStart().length;
    const span = { start: from, end: from + text.length };
    if (text === '' || /^[#;]/.test(text)) continue;
    const header = section.exec(text.replace(/\s+[#;].*$/, ''));
    if (text.startsWith('[') && header === null)
      issues.push(issueAt(source, span, 'this is no section: write [group], [group:children] or [group:vars]'));
    else if (header?.[1] !== undefined) {
      group = header[1];
      kind = header[2] === 'children' || header[2] === 'vars' ? header[2] : 'hosts';
      sections.push({ group, span });
    } else if (kind === 'vars') {
      const [, name, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(text) ?? [];
      if (name === undefined || value === undefined) issues.push(issueAt(source, span, 'expected name=value'));
      else lines.push({ kind: 'vars', group, name: '', vars: { [name]: iniValue(value) }, span });
    } else {
      const words =
        text.match(/#.*|(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'#])+/g)?.filter((word) => !word.startsWith('#')) ?? [];
      const [name = '', ...settings] = words;
      const strange = settings.find((setting) => !/^[^=]+=/.test(setting));
      if (strange !== undefined)
        issues.push(issueAt(source, span, `expected name=value after the host, not "${strange}"`));
      const vars = Object.fromEntries(
        settings
          .filter((setting) => setting.includes('='))
          .map((setting) => [
            setting.slice(0, setting.indexOf('=')),
            iniValue(setting.slice(setting.indexOf('=') + 1)),
          ]),
      );
      lines.push({
        kind: kind === 'children' ? 'child' : 'host',
        group,
        name,
        vars,
        span: { start: from, end: from + name.length },
      });
    }
  }
  return { lines, sections, issues };
}

/** Ansible reads these as Python literals; numbers, truth values and quoted texts are what occurs. */
function iniValue(text: string): Json {
  if (/^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/.test(text)) return Number(text);
  if (/^(?:true|false)$/i.test(text)) return /^true$/i.test(text);
  return text.replaceAll(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
    (_all, double: string | undefined, single: string | undefined) => double ?? single ?? '',
  );
}
