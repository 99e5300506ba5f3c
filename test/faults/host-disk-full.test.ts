import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { limit } from '../../lab/pace.ts';
import { cases } from './cases.ts';
import { dueCases } from './due.ts';
import { differences } from './dump.ts';
import type { FaultCase } from './fault-case.ts';
import { shown } from './plimsoll.ts';
import type { Scene } from './scene.ts';
import { undisturbed, withScene } from './scene.ts';

const execute = promisify(execFile);
const exitRefused = 4;

/** What is wrong with the host's state directory; gives what puts it right again. */
type Spoil = (directory: string) => Promise<() => Promise<void>>;

const fileInPlace: Spoil = async (directory) => {
  await writeFile(directory, 'somebody has put a file here\n');
  return () => rm(directory);
};

const mounted =
  (options: string, fill: boolean): Spoil =>
  async (directory) => {
    await mkdir(directory);
    await execute('mount', ['-t', 'tmpfs', '-o', options, 'plimsoll-test', directory]);
    if (fill) await writeFile(join(directory, 'filler'), Buffer.alloc(128 * 1024)).catch(() => undefined);
    return async () => {
      await execute('umount', [directory]);
    };
  };

/** Mounting needs root, as in a container of CI. */
const mountable = process.getuid?.() === 0;
const spoils: readonly (readonly [string, Spoil])[] = [
  ['is a file', fileInPlace],
  ...(mountable
    ? [['has no room left', mounted('size=64k', true)] as const, ['cannot be written', mounted('ro', false)] as const]
    : []),
];

const some = cases.filter(
  ({ operation, on }) => operation === 'command' || operation === 'upload' || on.includes('relative size'),
);

describe.each(spoils)("the host's state directory %s", (_, spoil) => {
  it.each(dueCases(some).map((one) => ({ title: `${one.operation} on ${one.host.name}`, one })))(
    '$title: refused before anything is done, in words; and done once that is put right',
    async ({ one }) => {
      const { start, end } = await undisturbed(one);
      const { stopped, found } = await withScene(one, (scene) => attempt(one, scene, spoil, start, end));
      expect(found).toEqual([]);
      expect(stopped.code, stopped.printed).toBe(exitRefused);
      expect(stopped.printed).toMatch(/\/var\/lib\/plimsoll/);
      expect(stopped.printed).not.toMatch(/internal|undefined/);
    },
  );
});

async function attempt(
  one: FaultCase,
  scene: Scene,
  spoil: Spoil,
  start: Awaited<ReturnType<typeof undisturbed>>['start'],
  end: typeof start,
) {
  const restore = await spoil(join(scene.host.directory, 'root/var/lib/plimsoll'));
  const stopped = await scene.apply().finally(async () => {
    await scene.host.idle(limit(10_000));
    await restore();
  });
  const found = [...differences(start, await scene.dump())];
  const again = await scene.apply();
  if (again.code !== 0) found.push(`${one.operation}: put right, it ended with ${shown(again)}`);
  return { stopped, found: [...found, ...differences(end, await scene.dumpWithLaptop())] };
}
