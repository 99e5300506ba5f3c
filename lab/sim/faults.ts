import type { ToolFault } from './spec.ts';

/** The lines that bin/faults.sh reads, by tool. */
export function faultLines(faults: readonly ToolFault[]): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const [index, { tool, when = '*', action, argument = '', once = false }] of faults.entries()) {
    // Nothing between two tabs would be taken for one: so what is absent is a dash.
    const line = [when, action, String(argument) || '-', once ? `once-${String(index)}` : '-'];
    if (!/^[a-z0-9_]+$/.test(tool) || line.some((part) => /[\t\n]/.test(part)))
      throw new RangeError(`a fault of "${tool}" has a tab or line feed, or names no tool`);
    lines.set(tool, `${lines.get(tool) ?? ''}${line.join('\t')}\n`);
  }
  return lines;
}
