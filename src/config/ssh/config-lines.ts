/** One line of an ssh_config file. */
export interface ConfigLine {
  /** In lower case. */
  readonly keyword: string;
  /** Undefined where it is not certain how OpenSSH divides what follows the keyword. */
  readonly args: readonly string[] | undefined;
  readonly rest: string;
  readonly line: number;
}

/** The lines of an ssh_config file that say something; undefined where one of them has no plain keyword. */
export function configLines(text: string): readonly ConfigLine[] | undefined {
  const found: ConfigLine[] = [];
  for (const [index, raw] of text.split('\n').entries()) {
    const body = raw.trim();
    if (body === '' || body.startsWith('#')) continue;
    const [, keyword = '', rest = ''] = /^([A-Za-z0-9]+)(?:\s*=\s*|\s+|$)(.*)$/.exec(body) ?? [];
    if (keyword === '') return undefined;
    found.push({ keyword: keyword.toLowerCase(), args: argumentsOf(rest), rest, line: index + 1 });
  }
  return found;
}

/** Words, perhaps in quotes; what begins with # is a comment. Undefined for what has to be unescaped, or is not closed. */
function argumentsOf(text: string): readonly string[] | undefined {
  if (text.includes('\\') || text.includes('\0')) return undefined;
  const args: string[] = [];
  for (let rest = text.trim(); rest !== '' && !rest.startsWith('#');) {
    const [whole, quoted, single, plain] = /^(?:"([^"]*)"|'([^']*)'|([^\s"']+))(?=\s|$)/.exec(rest) ?? [];
    const arg = quoted ?? single ?? plain;
    if (whole === undefined || arg === undefined) return undefined;
    args.push(arg);
    rest = rest.slice(whole.length).trimStart();
  }
  return args;
}

/** Patterns of a Host line, of which it is certain what they match. */
export const plainPattern = /^!?[\w.*?:%-]+$/;
