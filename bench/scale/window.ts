import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const measured = z.object({ cpuMs: z.number(), ms: z.number() });
export const kinds = ['none', 'live', 'plain', 'json'] as const;

/** How much of a core showing a run takes; `none`: the stream of events alone, which nobody shows. */
export interface Shown {
  readonly kind: (typeof kinds)[number];
  readonly share: number;
  readonly bytes: number;
}

const client = fileURLToPath(new URL('./window-client.ts', import.meta.url));
const terminal = fileURLToPath(new URL('./on-a-terminal.py', import.meta.url));

/** On a real terminal. */
export function measureShowing(kind: Shown['kind'], hosts: number, seconds: number): Shown {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-scale-'));
  try {
    const file = join(directory, 'measured.json');
    const command = [process.execPath, '--import', 'tsx', client, kind, String(hosts), String(seconds), file];
    const printed = execFileSync('python3', [terminal, ...command], { encoding: 'utf8' });
    const { cpuMs, ms } = measured.parse(JSON.parse(readFileSync(file, 'utf8')));
    return { kind, share: cpuMs / ms, bytes: Number(printed.split(' ')[0]) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
