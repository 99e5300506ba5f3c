import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { cases } from './cases.ts';
import { dueCases } from './due.ts';
import type { Dump } from './dump.ts';
import { differences } from './dump.ts';
import type { FaultCase } from './fault-case.ts';
import { titleOf } from './fault-case.ts';
import { shown } from './plimsoll.ts';
import { Results, expectNone, fewAtOnce } from './results.ts';
import type { Scene } from './scene.ts';
import { undisturbed, withScene } from './scene.ts';

const execute = promisify(execFile);
const results = new Results('state-disk-full');
afterAll(() => results.print());

const chosen = cases.filter(
  ({ operation, on }) => ['command', 'upload'].includes(operation) || /volume_copy|relative size/.test(on),
);

describe.each(dueCases(chosen).map((one) => ({ title: titleOf(one), one })))(
  "the laptop's disk is full during $title",
  ({ title, one }) => {
    it('from every record of the journal on: nothing is done without a record, and with room again it is brought to its end', async () => {
      const { start, end, points } = await undisturbed(one);
      const appends = points.filter((point) => point.startsWith('before journal ')).length;
      // Not a byte more, or room for the beginning of a record.
      const tries = Array.from({ length: appends }, (_, index) => ({
        noRoomFrom: index + 1,
        slack: index % 2 === 0 ? 40 : 0,
      }));
      const failures = await fewAtOnce(tries, (full) => survives(one, full, start, end));
      results.add({
        operation: title,
        fault: 'state disk full',
        tried: tries.length,
        survived: failures.filter((each) => each.length === 0).length,
      });
      expectNone(failures.flat());
    });
  },
);

async function survives(
  one: FaultCase,
  full: { readonly noRoomFrom: number; readonly slack: number },
  start: Dump,
  end: Dump,
): Promise<readonly string[]> {
  return withScene(one, async (scene) => {
    const at = (problem: string): string =>
      `no room from record ${String(full.noRoomFrom)} on, but for ${String(full.slack)} bytes: ${problem}`;
    const stopped = await scene.apply(full);
    const found: string[] = [...(await scene.settled())];
    // Once everything has been done, only the last words are lost.
    const journal = await scene.journal();
    const done = journal.some(({ type }) => type === 'host');
    if (stopped.code === 0 && !done) found.push(`it ended as if nothing were wrong: ${shown(stopped)}`);
    if (stopped.code !== 0 && !/journal|record/.test(stopped.printed))
      found.push(`its message does not speak of the journal: ${shown(stopped)}`);
    // What has been done without an intent would show here.
    if (!journal.some(({ type }) => type === 'intent')) found.push(...differences(start, await scene.dump()));
    found.push(...(await scene.brokenInvariants()), ...(await brings(scene, end)));
    return found.map(at);
  });
}

/** With room again: the run, or when there is none the same apply, comes to its end. */
async function brings(scene: Scene, end: Dump): Promise<readonly string[]> {
  const [first] = await scene.journal();
  const again = first?.type === 'run' ? await scene.plimsoll(['resume', '--yes']) : await scene.apply();
  if (again.code !== 0) return [`with room again it ended with ${shown(again)}`];
  return [
    ...(await scene.settled()),
    ...(await scene.brokenInvariants('known state')),
    ...(await scene.brokenAtEnd()),
    ...differences(end, await scene.dumpWithLaptop()),
  ];
}

/** Mounting needs root, as in a container of CI. */
const mountable = process.getuid?.() === 0;

describe.runIf(mountable)('a real file system without room for the state', () => {
  it('stops the run before anything is done, and with room again the same apply succeeds', async () => {
    const [one] = cases.filter(({ operation }) => operation === 'upload');
    if (one === undefined) throw new Error('no case');
    const { start, end } = await undisturbed(one);
    const failures = await withScene(one, async (scene) => {
      const state = join(scene.fleet.directory, 'state');
      await mkdir(state);
      await execute('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'plimsoll-test', state]);
      try {
        await writeFile(join(state, 'filler'), Buffer.alloc(64 * 1024 ** 2)).catch(() => undefined);
        const stopped = await scene.apply();
        const found = [...differences(start, await scene.dump())];
        if (stopped.code === 0 || !/No space left|ENOSPC|no space|free, and a run needs/i.test(stopped.printed))
          found.push(`it ended with ${shown(stopped)}`);
        await rm(join(state, 'filler'));
        const again = await scene.apply();
        if (again.code !== 0) found.push(`with room again it ended with ${shown(again)}`);
        return [...found, ...differences(end, await scene.dumpWithLaptop())];
      } finally {
        await execute('umount', [state]);
      }
    });
    expect(failures).toEqual([]);
  });
});
