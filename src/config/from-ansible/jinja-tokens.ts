/** It is no expression of Ansible's. */
export class NotJinja extends Error {}

export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'sign';
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const pattern =
  /\s+|(?<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?<number>\d+(?:\.\d+)?)|(?<name>[A-Za-z_]\w*)|(?<sign>\{\{|\}\}|==|!=|<=|>=|&&|\|\||[-+*/%~<>()[\]{}.,:|?!])/y;

export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let braces = 0;
  const tokenAt = new RegExp(pattern);
  for (let at = 0; at < text.length; at = tokenAt.lastIndex) {
    tokenAt.lastIndex = at;
    const match = tokenAt.exec(text);
    if (match === null) throw new NotJinja();
    for (const kind of ['text', 'number', 'name', 'sign'] as const) {
      const found = match.groups?.[kind];
      if (found === undefined) continue;
      // Only what was opened by two braces is closed by two: {"a": {"b": 1}}.
      if (found === '}}' && braces === 0) {
        tokens.push({ kind, text: '}', start: at, end: at + 1 }, { kind, text: '}', start: at + 1, end: at + 2 });
        continue;
      }
      if (found === '{{') braces += 1;
      if (found === '}}') braces -= 1;
      tokens.push({ kind, text: found, start: at, end: at + found.length });
    }
  }
  return tokens;
}
