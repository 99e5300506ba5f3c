// The part of Go's text/template that `docker inspect --format` is used with, over plain JSON as it is when Docker's own
// type lacks a field that is named (`.Id`): keys in alphabetical order, and a key that is not there is an error.

export class TemplateError extends Error {}

/** Renders a template over a value. */
export function render(template, value) {
  const [nodes, rest] = parse(tokens(template), 0, []);
  if (rest !== undefined) throw new TemplateError(`unexpected {{${rest}}}`);
  return run(nodes, value, new Scope(undefined, new Map([['$', value]])));
}

/** Text and actions in turn: `{ text }`, `{ action }`. */
function tokens(template) {
  return template
    .split(/(\{\{-? (?:"(?:\\.|[^"\\])*"|`[^`]*`|[^"`])*? -?\}\}|\{\{(?:"(?:\\.|[^"\\])*"|`[^`]*`|[^"`])*?\}\})/)
    .map((part, index) => (index % 2 === 0 ? { text: part } : { action: part.slice(2, -2).trim() }))
    .filter(({ text }) => text !== '');
}

/** The nodes until an action that closes them; gives them, what closed them, and where it goes on. */
function parse(all, start, nodes) {
  let at = start;
  while (at < all.length) {
    const { text, action } = all[at];
    at += 1;
    if (text !== undefined) nodes.push({ kind: 'text', text });
    else if (action.startsWith('/*')) continue;
    else if (/^(end|else\b.*)$/s.test(action)) return [nodes, action, at];
    else {
      const [, keyword, rest] = /^(if|with|range)\s(.*)$/s.exec(action) ?? [];
      if (keyword === undefined) nodes.push({ kind: 'print', action });
      else at = branch(all, at, keyword, rest, nodes);
    }
  }
  return [nodes, undefined, at];
}

function branch(all, start, keyword, subject, nodes) {
  const [body, closing, after] = parse(all, start, []);
  let otherwise = [];
  let at = after;
  if (closing === undefined) throw new TemplateError('unexpected EOF');
  if (closing !== 'end') {
    const [, chained, rest] = /^else\s+(if|with)\s(.*)$/s.exec(closing) ?? [];
    if (chained !== undefined) at = branch(all, after, chained, rest, otherwise);
    else {
      let last;
      [otherwise, last, at] = parse(all, after, []);
      if (last !== 'end') throw new TemplateError('no {{end}}');
    }
  }
  nodes.push({ kind: keyword, subject, body, otherwise });
  return at;
}

class Scope {
  constructor(outer, variables = new Map()) {
    this.outer = outer;
    this.variables = variables;
  }

  holder(name) {
    if (this.variables.has(name)) return this.variables;
    if (this.outer === undefined) throw new TemplateError(`undefined variable "${name}"`);
    return this.outer.holder(name);
  }
}

const isTrue = (value) =>
  !(
    value === undefined ||
    value === null ||
    value === false ||
    value === 0 ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  );

function run(nodes, dot, scope) {
  let out = '';
  for (const node of nodes) {
    if (node.kind === 'text') out += node.text;
    else if (node.kind === 'print') {
      const [, name, how, text] = /^(\$\w*)\s*(:?=)\s*(.*)$/s.exec(node.action) ?? [];
      if (name === undefined) out += printed(pipeline(node.action, dot, scope));
      else if (how === ':=') scope.variables.set(name, pipeline(text, dot, scope));
      else scope.holder(name).set(name, pipeline(text, dot, scope));
    } else if (node.kind === 'range') out += range(node, dot, scope);
    else {
      const inner = new Scope(scope);
      const [, name, text = node.subject] = /^(\$\w+)\s*:=\s*(.*)$/s.exec(node.subject) ?? [];
      const value = pipeline(text, dot, inner);
      if (name !== undefined) inner.variables.set(name, value);
      if (isTrue(value)) out += run(node.body, node.kind === 'with' ? value : dot, inner);
      else out += run(node.otherwise, dot, inner);
    }
  }
  return out;
}

function range({ subject, body, otherwise }, dot, scope) {
  const [, first, second, text = subject] = /^(\$\w+)(?:\s*,\s*(\$\w+))?\s*:=\s*(.*)$/s.exec(subject) ?? [];
  const over = pipeline(text, dot, scope);
  const entries = Array.isArray(over)
    ? [...over.entries()]
    : Object.keys(over ?? {})
        .sort()
        .map((key) => [key, over[key]]);
  if (entries.length === 0) return run(otherwise, dot, new Scope(scope));
  return entries
    .map(([key, value]) => {
      const inner = new Scope(scope);
      if (second !== undefined) inner.variables.set(first, key).set(second, value);
      else if (first !== undefined) inner.variables.set(first, value);
      return run(body, value, inner);
    })
    .join('');
}

function printed(value) {
  if (value === undefined || value === null) return '<no value>';
  if (Array.isArray(value)) return `[${value.map(printed).join(' ')}]`;
  if (typeof value === 'object')
    return `map[${Object.keys(value)
      .sort()
      .map((key) => `${key}:${printed(value[key])}`)
      .join(' ')}]`;
  return String(value);
}

const word = /\s*("(?:\\.|[^"\\])*"|`[^`]*`|\(|\)|\||[^\s()|"`]+)/y;

function words(text) {
  const found = [];
  word.lastIndex = 0;
  while (word.lastIndex < text.trimEnd().length) {
    const match = word.exec(text);
    if (match === null) throw new TemplateError(`unexpected ${text}`);
    found.push(match[1]);
  }
  return found;
}

function pipeline(text, dot, scope) {
  const all = words(text);
  const [value, at] = piped(all, 0, dot, scope);
  if (at !== all.length) throw new TemplateError(`unexpected ${all[at]} in {{${text}}}`);
  return value;
}

/** Commands until the end or a closing parenthesis. */
function piped(all, start, dot, scope) {
  let at = start;
  let last = [];
  for (;;) {
    const parts = [];
    let called;
    while (at < all.length && all[at] !== '|' && all[at] !== ')') {
      if (parts.length === 0 && called === undefined && functions.has(all[at])) called = functions.get(all[at++]);
      else {
        const [value, next] = operand(all, at, dot, scope);
        parts.push(value);
        at = next;
      }
    }
    if (called === undefined && parts.length + last.length !== 1)
      throw new TemplateError(`can't give argument to non-function ${all.join(' ')}`);
    const value = called === undefined ? parts[0] : called(...parts, ...last);
    if (all[at] !== '|') return [value, at];
    last = [value];
    at += 1;
  }
}

function operand(all, at, dot, scope) {
  const text = all[at];
  if (text === '(') {
    const [value, end] = piped(all, at + 1, dot, scope);
    if (all[end] !== ')') throw new TemplateError('unclosed left paren');
    const chained = all[end + 1]?.startsWith('.') === true;
    return [chained ? fields(value, all[end + 1]) : value, chained ? end + 2 : end + 1];
  }
  if (text.startsWith('"')) return [JSON.parse(text), at + 1];
  if (text.startsWith('`')) return [text.slice(1, -1), at + 1];
  if (/^-?\d+$/.test(text)) return [Number(text), at + 1];
  if (text === 'true' || text === 'false') return [text === 'true', at + 1];
  if (text === 'nil') return [null, at + 1];
  if (text.startsWith('$')) {
    const [, name, path] = /^(\$\w*)(.*)$/s.exec(text);
    return [fields(scope.holder(name).get(name), path), at + 1];
  }
  if (text.startsWith('.')) return [fields(dot, text), at + 1];
  throw new TemplateError(`function "${text}" not defined`);
}

function fields(value, path) {
  return path
    .split('.')
    .slice(1)
    .filter((key) => key !== '')
    .reduce((inner, key) => {
      if (inner === null || inner === undefined) throw new TemplateError(`nil pointer evaluating interface {}.${key}`);
      if (typeof inner !== 'object' || Array.isArray(inner)) throw new TemplateError(`can't evaluate field ${key}`);
      if (!Object.hasOwn(inner, key)) throw new TemplateError(`map has no entry for key "${key}"`);
      return inner[key];
    }, value);
}

/** With all keys in alphabetical order. */
export const sorted = (value) =>
  typeof value !== 'object' || value === null
    ? value
    : Array.isArray(value)
      ? value.map(sorted)
      : Object.fromEntries(
          Object.keys(value)
            .sort()
            .map((key) => [key, sorted(value[key])]),
        );

const functions = new Map(
  Object.entries({
    json: (value) => JSON.stringify(sorted(value ?? null)),
    index: (value, ...keys) =>
      keys.reduce((inner, key) => {
        if (inner === null || inner === undefined) throw new TemplateError('index of untyped nil');
        if (Array.isArray(inner) && !(key in inner)) throw new TemplateError(`index out of range: ${key}`);
        return Object.hasOwn(inner, key) ? inner[key] : undefined;
      }, value),
    eq: (one, ...others) => others.some((other) => one === other),
    ne: (one, other) => one !== other,
    not: (value) => !isTrue(value),
    and: (...values) => values.find((value) => !isTrue(value)) ?? values.at(-1),
    or: (...values) => values.find(isTrue) ?? values.at(-1),
    len: (value) => (typeof value === 'object' ? Object.keys(value ?? {}).length : String(value).length),
    println: (...values) => `${values.map(printed).join(' ')}\n`,
    print: (...values) => values.map(printed).join(''),
    join: (values, separator) => values.join(separator),
    truncate: (text, length) => text.slice(0, length),
    split: (text, separator) => text.split(separator),
    lower: (text) => text.toLowerCase(),
    upper: (text) => text.toUpperCase(),
  }),
);
