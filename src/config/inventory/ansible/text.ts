import type { ConfigIssue } from '../../../errors.ts';
import { makeSource, type Source } from '../../yaml/source.ts';

/** The largest inventory, in bytes. */
export const maxBytes = 64 * 1024 * 1024;

export interface TextRead {
  readonly source: Source;
  /** It began with a byte order mark, which is not in the source. */
  readonly hasBom: boolean;
}

/** A file as text. Only comments may be something else than UTF-8, as Ansible has it. */
export function readText(file: string, bytes: Uint8Array): TextRead | { readonly issue: ConfigIssue } {
  if (bytes.byteLength > maxBytes)
    return {
      issue: { file, message: `the file is larger than ${String(maxBytes / 1024 / 1024)} MiB: that is no inventory` },
    };
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  const made = (text: string): TextRead => ({ source: makeSource(file, text), hasBom });
  try {
    return made(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    const lines = new TextDecoder('utf-8').decode(bytes).split('\n');
    const strange = lines.findIndex((line) => line.includes('\ufffd') && !/^\s*[#;]/.test(line));
    if (strange === -1) return made(lines.join('\n'));
    return { issue: { file, line: strange + 1, message: 'the file is not UTF-8 text; save it as UTF-8' } };
  }
}
