import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CopyTools } from '../../src/facts/copies/directory-copy.ts';
import { copyTools } from '../../src/facts/copies/directory-copy.ts';
import { ask } from '../../src/facts/fact.ts';
import type { Action, Change } from '../../src/operations/engine/change.ts';
import { eraseWant } from '../../src/operations/engine/erase.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { volumeCopySchema } from '../../src/operations/copies/copy-survey.ts';
import { copyVolume } from '../../src/operations/copies/copy-volume.ts';
import { undoOperation } from '../../src/run/continuing/undo.ts';
import type { NeedName } from '../support/needs.ts';
import { here, methods } from './copy-methods.ts';
import { Answers } from './known.ts';
import { applyHere, knowHere, stateIn } from './on-this-machine.ts';
import { planLawfully } from './plan-lawfully.ts';

const mebibyte = 1024 ** 2;
const bigBytes = 6 * mebibyte;

let base = '';
const from = (...parts: readonly string[]): string => join(base, 'from', ...parts);
const to = (...parts: readonly string[]): string => join(base, 'to', ...parts);
const lead = (text: string): string => stateIn(join(base, 'state'))(text);

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'plimsoll-cut-'));
  mkdirSync(from('inner'), { recursive: true });
  mkdirSync(to());
  for (let number = 0; number < 20; number += 1)
    writeFileSync(from('inner', `file-${String(number)}`), `content of ${String(number)}`);
  // Random, because zeros become holes, which nobody has to copy.
  for (const name of ['big', '.hidden', 'zone'])
    spawnSync('dd', ['if=/dev/urandom', `of=${from(name)}`, 'bs=1M', `count=${String(bigBytes / mebibyte)}`]);
  chownSync(to(), 7, 8);
  chmodSync(to(), 0o2750);
  chownSync(from(), 33, 44);
  chmodSync(from(), 0o1751);
});
afterEach(() => {
  rmSync(base, { recursive: true, force: true });
});

const slowly = { bwlimit: '4MiB' };
const want = (more: Record<string, unknown> = {}) => volumeCopySchema.parse({ from: from(), to: to(), ...more });

function planned(tools: CopyTools, more: Record<string, unknown> = {}): Planned {
  return planLawfully(
    copyVolume,
    want(more),
    knowHere(copyVolume, want(more), lead, new Answers().set(ask(copyTools), tools)),
  );
}

function changeOf(plan: Planned): Change {
  const [change] = plan.outcome === 'change' ? plan.changes : [];
  if (change === undefined) throw new Error(JSON.stringify(plan));
  return change;
}

function undoOf({ undo }: Change): readonly Action[] {
  if (undo === 'irreversible') throw new Error('it cannot be taken back');
  return undo;
}

/** What a rollback would do about the change. */
function undone(tools: CopyTools, change: Change, complete: boolean): Planned {
  const operation = undoOperation(new Map([['copy_volume', eraseWant(copyVolume)]]));
  const undo = operation.schema.parse({
    step: '1.1',
    number: 0,
    operation: 'copy_volume',
    want: want(),
    change,
    complete,
  });
  return operation.plan(undo, knowHere(operation, undo, lead, new Answers().set(ask(copyTools), tools)));
}

/** The one script that a copy is. */
function scriptOf({ actions: [action] }: Change): string {
  if (action?.kind !== 'exec' || action.stdin === undefined) throw new Error('nothing copies');
  return action.stdin;
}

/** Where in it the first byte is copied, and where all of them have been. */
const copies = 'copy $checksum\nstatus=$?';
const synced = 'sync -f . &\n';

/** The change, with something else happening at a place in its script, in the destination. */
function happening(change: Change, at: string, what: string): readonly Action[] {
  const script = scriptOf(change);
  expect(script.split(at)).toHaveLength(2);
  const [action, ...more] = change.actions;
  if (action?.kind !== 'exec') throw new Error('nothing copies');
  return [{ ...action, stdin: script.split(at).join(`${what}\n${at}`) }, ...more];
}

/** The change, which ends there. */
const endingAt = (change: Change, at: string): readonly Action[] => happening(change, at, 'exit 0').slice(0, 1);

/** What has arrived at the destination, temporary files included. */
function arrived(): number {
  return Number(spawnSync('du', ['-s', '-B1', to()], { encoding: 'utf8' }).stdout.split('\t')[0]);
}

/** Begins the change and kills the process group of the copy, as a power failure would, once so much has arrived. */
async function cutByKill(change: Change, bytes: number): Promise<void> {
  const child = spawn('/bin/sh', ['-c', lead(scriptOf(change))], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
  });
  const ended = once(child, 'exit');
  while (arrived() < bytes && child.exitCode === null) await sleep(20);
  expect(child.exitCode, 'it was to be cut before its end').toBeNull();
  if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  await ended;
}

/** Begins the change; the kernel kills whoever has written so much of one file. */
function cutBySize(change: Change, bytes: number): void {
  const cut = spawnSync(
    '/bin/sh',
    ['-c', 'ulimit -c 0; ulimit -f "$0"; exec /bin/sh -c "$1"', String(bytes / 512), lead(scriptOf(change))],
    { stdio: 'ignore' },
  );
  expect(cut.status).not.toBe(0);
}

/** Cut in the middle of a file. */
async function cut(name: string, change: Change): Promise<void> {
  if (name === 'rsync') await cutByKill(change, bigBytes / 2);
  else cutBySize(change, bigBytes / 2);
}

function inner(): readonly string[] {
  return existsSync(to('inner')) ? readdirSync(to('inner')).sort() : [];
}

function identities(names: readonly string[]): readonly (readonly [string, bigint, bigint])[] {
  return names.map(
    (name) => [name, lstatSync(to(name), { bigint: true }).ino, lstatSync(to(name), { bigint: true }).ctimeNs] as const,
  );
}

const owner = (): string =>
  `${String(statSync(to()).uid)}:${String(statSync(to()).gid)} ${(statSync(to()).mode & 0o7777).toString(8)}`;
const markers = (): readonly string[] => readdirSync(join(base, 'state/copies'));

describe('a copy that was cut', { tags: ['root'] }, () => {
  for (const [name, tools, need] of methods) {
    const tags = [need];

    it.each(['before anything was copied', 'in the middle', 'before it was verified'])(
      `%s, is gone on with by ${name}, verified, and taken back to its beginning`,
      { tags },
      async (moment) => {
        const pace = moment === 'in the middle' ? slowly : {};
        const first = changeOf(planned(tools, pace));
        if (moment === 'in the middle') await cut(name, first);
        else applyHere(endingAt(first, moment === 'before it was verified' ? synced : copies), lead);
        expect(undone(tools, first, false).outcome).toBe('change');

        const second = changeOf(planned(tools));
        expect(second.summary).toContain('go on with the copy of');
        applyHere(second.actions, lead);
        expect(planned(tools).outcome).toBe('noop');
        expect(spawnSync('diff', ['-r', '--no-dereference', from(), to()]).status).toBe(0);
        expect(readdirSync(to()).sort()).toEqual(['.hidden', 'big', 'inner', 'zone']);
        expect(markers()).toEqual([]);

        const undo = undone(tools, second, true);
        applyHere(changeOf(undo).actions, lead);
        expect(readdirSync(to())).toEqual([]);
        expect(owner()).toBe('7:8 2750');
        expect([undone(tools, second, true), undone(tools, first, false)]).toMatchObject([
          { outcome: 'noop', reason: 'it is as it was before' },
          { outcome: 'noop', reason: 'it is as it was before' },
        ]);
        expect(planned(tools, pace)).toEqual({ outcome: 'change', changes: [first], warnings: expect.anything() });
      },
    );

    it(`is taken back as it is, by ${name}`, { tags }, async () => {
      const first = changeOf(planned(tools, slowly));
      await cut(name, first);
      expect(arrived()).toBeGreaterThan(2 * mebibyte);
      const undo = changeOf(undone(tools, first, false));
      applyHere(undo.actions, lead);
      expect([readdirSync(to()), owner(), markers()]).toEqual([[], '7:8 2750', []]);
      expect(undone(tools, first, false)).toMatchObject({ outcome: 'noop' });
    });

    it(
      `by ${name}, beside what somebody else has put there since, is left alone: neither gone on with nor taken back`,
      { tags },
      async () => {
        const first = changeOf(planned(tools, slowly));
        await cut(name, first);
        mkdirSync(to('inner'), { recursive: true });
        writeFileSync(to('inner', 'mine'), 'mine');
        expect(planned(tools)).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('inner/mine') });
        const left = inner();
        expect(() => {
          applyHere(changeOf(undone(tools, first, false)).actions, lead);
        }).toThrow(/is left as it is: .*inner\/mine/);
        expect(inner()).toEqual(left);
      },
    );
  }

  const tags: NeedName[] = ['lab:rsync'];

  it('leaves temporary files of rsync, which go; what is complete is not copied again', { tags }, async () => {
    const first = changeOf(planned(here, slowly));
    await cutByKill(first, bigBytes * 1.5);
    const left = readdirSync(to());
    const complete = left.filter((name) => existsSync(from(name)) && name !== 'inner');
    const temporary = left.filter((name) => !existsSync(from(name)));
    expect([complete.length, temporary.length]).toEqual([1, 1]);
    const before = identities(complete);
    applyHere(changeOf(planned(here)).actions, lead);
    expect(identities(complete)).toEqual(before);
    expect(readdirSync(to())).not.toContain(temporary[0]);
    expect(planned(here).outcome).toBe('noop');
  });

  it('may be cut again and again', { tags }, async () => {
    const first = changeOf(planned(here, slowly));
    await cutByKill(first, bigBytes / 2);
    await cutByKill(changeOf(planned(here, slowly)), bigBytes * 1.2);
    const third = changeOf(planned(here));
    applyHere(third.actions, lead);
    expect(planned(here).outcome).toBe('noop');
    applyHere(changeOf(undone(here, third, true)).actions, lead);
    expect([readdirSync(to()), owner()]).toEqual([[], '7:8 2750']);
  });

  it(
    'is put right where a power failure has damaged what had been copied, though size and time are right',
    { tags },
    () => {
      const first = changeOf(planned(here));
      applyHere(endingAt(first, synced), lead);
      const { size, mtimeMs } = statSync(from('inner/file-3'));
      const damaged = (): void => {
        writeFileSync(to('inner/file-3'), 'CONTENT OF 3');
        spawnSync('touch', ['-r', from('inner/file-3'), to('inner/file-3')]);
      };
      damaged();
      expect(statSync(to('inner/file-3'))).toMatchObject({ mtimeMs, size });
      const byChecksum = expect.arrayContaining([expect.stringContaining('is compared by checksum first')]) as unknown;
      const second = planned(here);
      expect(second.warnings).not.toEqual(byChecksum);
      expect(() => {
        applyHere(changeOf(second).actions, lead);
      }).toThrow(/ended with 9: [^]*the copy differs/);
      const third = planned(here);
      expect(third.warnings).toEqual(byChecksum);
      applyHere(changeOf(third).actions, lead);
      expect(planned(here).outcome).toBe('noop');

      rmSync(to('inner/file-3'));
      applyHere(endingAt(changeOf(planned(here)), synced), lead);
      damaged();
      const [file = ''] = markers();
      utimesSync(join(base, 'state/copies', file), 0, 0);
      const after = planned(here);
      expect(after).toMatchObject({
        warnings: expect.arrayContaining([expect.stringContaining('the host has been restarted')]),
      });
      applyHere(changeOf(after).actions, lead);
      expect(planned(here).outcome).toBe('noop');
    },
  );

  it('finds and keeps what appears at the destination during the copy', { tags }, () => {
    const first = changeOf(planned(here));
    expect(() => {
      applyHere(happening(first, copies, 'printf mine >mine'), lead);
    }).toThrow(/the copy differs from its source in 1 places:\n\*deleting +mine/);
    expect(planned(here)).toMatchObject({ outcome: 'refused', reason: expect.stringContaining('mine') });
    expect(() => {
      applyHere(changeOf(undone(here, first, false)).actions, lead);
    }).toThrow(/is left as it is: .*mine/);
    expect(readdirSync(to())).toContain('mine');
    rmSync(to('mine'));
    applyHere(changeOf(planned(here)).actions, lead);
    expect(planned(here).outcome).toBe('noop');
  });

  it(`is another directory's affair when the destination has been made again`, { tags }, async () => {
    await cut('rsync', changeOf(planned(here, slowly)));
    rmSync(to(), { recursive: true });
    mkdirSync(join(base, 'keeps the inode'));
    mkdirSync(to(), { mode: 0o700 });
    const anew = changeOf(planned(here));
    expect(anew.summary).not.toContain('go on with');
    applyHere(anew.actions, lead);
    expect([planned(here).outcome, markers()]).toEqual(['noop', []]);
    applyHere(changeOf(undone(here, anew, true)).actions, lead);
    expect(owner()).toBe('0:0 700');
  });

  it('finds and keeps what appears there while it is gone on with', { tags }, async () => {
    await cut('rsync', changeOf(planned(here, slowly)));
    const second = changeOf(planned(here));
    expect(second.summary).toContain('go on with');
    expect(() => {
      applyHere(happening(second, copies, 'printf mine >mine'), lead);
    }).toThrow(/the copy differs from its source in 1 places:\n\*deleting +mine/);
    expect(readdirSync(to()).sort()).toEqual(['.hidden', 'big', 'inner', 'mine', 'zone']);
  });

  it('and was to complete a part of the same, removes nothing of it, and is gone on with', { tags }, () => {
    mkdirSync(to('inner'));
    spawnSync('cp', ['-a', from('inner', 'file-1'), to('inner')]);
    const first = changeOf(planned(here));
    expect(first.undo).toBe('irreversible');
    applyHere(endingAt(first, synced), lead);
    expect(JSON.parse(readFileSync(join(base, 'state/copies', markers()[0] ?? ''), 'utf8'))).toMatchObject({
      found: 'part',
    });
    const second = changeOf(planned(here));
    expect(second.summary).toContain('go on with');
    expect(() => {
      applyHere(happening(second, copies, 'printf mine >mine'), lead);
    }).toThrow(/the copy differs from its source in 1 places:\n\*deleting +mine/);
    rmSync(to('mine'));
    applyHere(changeOf(planned(here)).actions, lead);
    expect(planned(here).outcome).toBe('noop');
  });

  it.each<[string, () => void, RegExp]>([
    [
      'is emptied',
      () => {
        for (const name of readdirSync(from())) rmSync(from(name), { recursive: true });
      },
      /is left as it is/,
    ],
    [
      'is made again',
      () => {
        rmSync(from(), { recursive: true });
        mkdirSync(from());
      },
      /another directory now than the one that was planned for/,
    ],
  ])(
    'may lose its source, which %s: then it is neither gone on with nor deleted',
    { tags },
    async (_how, lose, why) => {
      const first = changeOf(planned(here, slowly));
      await cut('rsync', first);
      lose();
      const left = readdirSync(to());
      expect(left.length).toBeGreaterThan(0);
      expect(planned(here).outcome).toBe('refused');
      expect(() => {
        applyHere(changeOf(undone(here, first, false)).actions, lead);
      }).toThrow(why);
      expect(readdirSync(to())).toEqual(left);
    },
  );

  it('nor is one that was complete deleted, when something of it could not be copied again', { tags }, () => {
    const change = changeOf(planned(here));
    applyHere(change.actions, lead);
    rmSync(from('zone'));
    expect(() => {
      applyHere(undoOf(change), lead);
    }).toThrow(/is left as it is: it holds something that is not in .*zone/);
    expect(readdirSync(to()).sort()).toEqual(['.hidden', 'big', 'inner', 'zone']);
    // What is newer there than in the copy can be had.
    writeFileSync(from('zone'), 'another');
    applyHere(undoOf(change), lead);
    expect([readdirSync(to()), owner()]).toEqual([[], '7:8 2750']);
  });
});
