import { Lexer } from 'yaml';

const maxFlow = 100;
const maxIndicators = 100;
const maxIndentation = 200;

/**
 * The offset at which a text nests deeper than any inventory or playbook. The parser is recursive
 * and would exhaust the stack, which can end the whole process; the lexer, used here, is not.
 */
export function tooDeepAt(text: string): number | undefined {
  let offset = 0;
  let flow = 0;
  let indicators = 0;
  let lineStart = true;
  for (const token of new Lexer().lex(text)) {
    // Marks that the lexer adds; they stand for no text.
    if (token === '\x02' || token === '\x18' || token === '\x1f') continue;
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow = Math.max(0, flow - 1);
    else if (token === '-' || token === '?' || token === ':') indicators += 1;
    const isNewline = token === '\n' || token === '\r\n';
    const indentation = lineStart && /^ +$/.test(token) ? token.length : 0;
    if (flow > maxFlow || indicators > maxIndicators || indentation > maxIndentation) return offset;
    // Within brackets a line may hold any number of pairs, and their depth is counted by the brackets.
    if (isNewline || flow > 0) indicators = 0;
    lineStart = isNewline;
    offset += token.length;
  }
  return undefined;
}
