import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, expect, it } from 'vitest';
import { replaceFile, writeBeside } from '../../../src/run/reach/beside.ts';

const root = mkdtempSync(join(tmpdir(), 'plimsoll-beside-'));
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

it('what a program that was killed has left is removed by the next one, and nothing else', async () => {
  const beside = await writeBeside(join(root, 'first'));
  await pipeline(['half'], beside.output);
  const [own = ''] = readdirSync(root);
  // Its number is that of no process any more.
  const { pid } = spawnSync('true');
  const left = own.replace(`-${String(process.pid)}.`, `-${String(pid)}.`);
  const elsewhere = left.replace(/-[0-9a-f]{16}-/, '-0123456789abcdef-');
  const link = left.replace(/^\.[0-9a-f]{24}/, `.${'0'.repeat(24)}`);
  mkdtempSync(join(root, 'apart-'));
  for (const name of [left, elsewhere, `a${left}`]) writeFileSync(join(root, name), 'half');
  symlinkSync(join(root, 'first'), join(root, link));

  const next = spawnSync(process.execPath, ['--import', 'tsx', '--eval', program(join(root, 'second'))], {
    encoding: 'utf8',
  });
  expect({ stderr: next.stderr, status: next.status }).toEqual({ stderr: '', status: 0 });
  const there = readdirSync(root);
  expect(there).not.toContain(left);
  expect(there).toEqual(expect.arrayContaining([own, elsewhere, `a${left}`, link, 'second']));

  await beside.keep();
  await beside.discard();
  expect(readdirSync(root)).toContain('first');
});

/** Another one than this, which has looked already. */
function program(path: string): string {
  const module = new URL('../../../src/run/reach/beside.ts', import.meta.url).href;
  return `const { replaceFile } = await import(${JSON.stringify(module)}); await replaceFile(${JSON.stringify(path)}, 'whole');`;
}

it('a file is replaced as a whole', async () => {
  await replaceFile(join(root, 'whole'), 'text');
  expect(readdirSync(root).filter((name) => name.includes('whole'))).toEqual(['whole']);
});
