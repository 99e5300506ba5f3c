import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Manifest } from '../../src/facts/backups/backup-shelf.ts';
import { makeArchive } from '../../src/operations/backups/archive-script.ts';
import { getFromBucket } from '../../src/operations/backups/bucket.ts';
import type { Action } from '../../src/operations/engine/change.ts';
import type { Directory } from '../../src/operations/copies/copy-start.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { upload as uploadOperation } from '../../src/operations/files/upload.ts';
import { uploadScript } from '../../src/run/work/carry-file.ts';
import { planHere } from '../operations/on-this-machine.ts';
import { otherUser, scene, type Scene } from '../support/other-user.ts';
import { carryOut } from './carry-out.ts';
import { crossed } from '../support/crossed.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const content = 'what is uploaded';

let here: Scene = { base: '', app: '', victim: '', secret: '' };
let attackers: ChildProcess[] = [];
afterEach(async () => {
  for (const attacker of attackers) {
    if (attacker.pid !== undefined) process.kill(-attacker.pid, 'SIGKILL');
    await new Promise((resolve) => {
      attacker.once('exit', resolve);
    });
  }
  attackers = [];
  rmSync(here.base, { recursive: true, force: true });
});

/** The other user does this again and again, in the directory that is theirs. */
function attack(script: string): void {
  attackers.push(
    spawn('/bin/sh', ['-c', `cd "$1" || exit; while :; do ${script}; done 2>/dev/null`, 'sh', here.app, here.victim], {
      uid: otherUser,
      gid: otherUser,
      detached: true,
      stdio: 'ignore',
    }),
  );
}

function upload(path: string, more: Partial<Extract<Action, { kind: 'upload' }>> = {}): Action {
  writeFileSync(join(here.base, 'from'), content);
  return {
    kind: 'upload',
    from: join(here.base, 'from'),
    path,
    mode: '0644',
    owner: `${String(otherUser)}:${String(otherUser)}`,
    sha256: sha256(content),
    bytes: content.length,
    ...more,
  };
}

function untouched(): void {
  const { uid, mode } = statSync(here.secret);
  expect({
    uid,
    mode: mode & 0o7777,
    text: readFileSync(here.secret, 'utf8'),
    victim: readdirSync(here.victim),
  }).toEqual({ uid: process.getuid?.(), mode: 0o600, text: 'of root', victim: ['secret'] });
}

describe('root uploads into a directory of another user', { tags: ['root'] }, () => {
  beforeEach(() => {
    here = scene(otherUser);
    chmodSync(here.base, 0o755);
  });

  /** Of 2dd8aa1, whose review proved H1 with it. */
  const provedWith = `set -f; trap '' HUP PIPE
directory=$(dirname -- "$1"); part=$directory/.plimsoll-part.$$
trap 'rm -f -- "$part"' EXIT
cat > "$part" || exit 1
[ "$(sha256sum < "$part" | cut -d' ' -f1)" = "$4" ] || { echo "the upload did not arrive whole" >&2; exit 1; }
chmod "$2" "$part" || exit 1
[ -z "$3" ] || chown "$3" "$part" || exit 1
sync "$part" || exit 1
mv -f -- "$part" "$1" && sync "$directory"`;

  /** The other user has planted links from every name that has the shell's number in it; which that will be he needs not know, who plants many. */
  async function uploadedBy(script: string): Promise<number | null> {
    const child = spawn(
      '/bin/sh',
      [
        '-c',
        `read -r _; ${script}`,
        'sh',
        join(here.app, 'config.yml'),
        '0644',
        `${String(otherUser)}:${String(otherUser)}`,
        sha256(content),
      ],
      { stdio: ['pipe', 'ignore', 'inherit'] },
    );
    symlinkSync(here.secret, join(here.app, `.plimsoll-part.${String(child.pid)}`));
    child.stdin.end(`go\n${content}`);
    return new Promise((resolve) => {
      child.once('close', resolve);
    });
  }

  it('who has planted links where a temporary file with the shell’s number would be', async () => {
    expect(await uploadedBy(uploadScript)).toBe(0);
    untouched();
    expect({
      text: readFileSync(join(here.app, 'config.yml'), 'utf8'),
      uid: statSync(join(here.app, 'config.yml')).uid,
      mode: statSync(join(here.app, 'config.yml')).mode & 0o7777,
    }).toEqual({ text: content, uid: otherUser, mode: 0o644 });
  });

  it('who has planted them, would have had the file of root from the script that this was proved with', async () => {
    expect(await uploadedBy(provedWith)).toBe(0);
    const { uid, mode } = statSync(here.secret);
    expect({ uid, mode: mode & 0o7777, text: readFileSync(here.secret, 'utf8') }).toEqual({
      uid: otherUser,
      mode: 0o644,
      text: content,
    });
  });

  it('who exchanges whatever appears there for links', async () => {
    attack(
      'for at in .plimsoll.* config.yml; do [ -e "$at" ] && [ ! -L "$at" ] || continue; mv "$at" "taken.$at"; ln -s "$2" "$at"; rm -rf "taken.$at" "$at"; done',
    );
    attack('ln -sf "$2/secret" config.yml; ln -s "$2" .plimsoll.planted');
    for (let times = 0; times < 8; times += 1) await carryOut([upload(join(here.app, 'config.yml'))]);
    untouched();
  });

  it('who exchanges the directory itself for a link', async () => {
    mkdirSync(join(here.app, 'conf'));
    chownSync(join(here.app, 'conf'), otherUser, otherUser);
    attack('mv conf away; ln -s "$2" conf; rm conf; mv away conf');
    for (let times = 0; times < 8; times += 1) await carryOut([upload(join(here.app, 'conf/config.yml'))]);
    symlinkSync(here.victim, join(here.app, 'link'));
    chownSync(here.app, otherUser, otherUser);
    expect((await carryOut([upload(join(here.app, 'link/config.yml'))])).error).toMatchObject({
      code: 'action-failed',
    });
    untouched();
  });
});

describe('what is brought in parts', () => {
  const parts = (): Action => upload(join(here.app, 'archive.tar.zst'), { resumes: true, mode: '0600', owner: '0:0' });

  it('into a directory of another user is refused before anything is written', { tags: ['root'] }, async () => {
    here = scene(otherUser);
    chmodSync(here.base, 0o755);
    symlinkSync(here.secret, join(here.app, '.archive.tar.zst.part'));
    expect((await carryOut([parts()])).error).toMatchObject({
      code: 'action-failed',
      message: expect.stringContaining('belongs to another user'),
    });
    expect(readdirSync(here.app)).toEqual(['.archive.tar.zst.part']);
    untouched();
  });

  it('into one that others can write to is refused before anything is written', async () => {
    here = scene();
    chmodSync(here.app, 0o777);
    symlinkSync(here.secret, join(here.app, '.archive.tar.zst.part'));
    expect((await carryOut([parts()])).error).toMatchObject({
      code: 'action-failed',
      message: expect.stringContaining('can be written by other users'),
    });
    untouched();
  });

  it.each([
    ['a link', symlinkSync],
    ['another name of a file', linkSync],
  ] as const)('is not written through %s that stands where its part would', async (_what, plant) => {
    here = scene();
    plant(here.secret, join(here.app, '.archive.tar.zst.part'));
    expect(
      (
        await carryOut([
          upload(join(here.app, 'archive.tar.zst'), { resumes: true, owner: String(process.getuid?.()) }),
        ])
      ).error,
    ).toBeUndefined();
    expect(readFileSync(join(here.app, 'archive.tar.zst'), 'utf8')).toBe(content);
    untouched();
  });
});

describe('what was a file when it was planned, and has become a link', () => {
  const to = (): string => join(here.app, 'to');
  const planned = (more: Record<string, unknown>): Planned =>
    planHere(uploadOperation, uploadOperation.schema.parse({ from: join(here.base, 'from'), to: to(), ...more }));
  const actionsOf = (plan: Planned): readonly Action[] =>
    plan.outcome === 'change' ? plan.changes.flatMap(({ actions }) => actions) : [];
  const undoOf = (plan: Planned): readonly Action[] =>
    plan.outcome === 'change' ? plan.changes.flatMap(({ undo }) => (undo === 'irreversible' ? [] : undo)) : [];
  const inState = (actions: readonly Action[]): readonly Action[] =>
    JSON.parse(JSON.stringify(actions).replaceAll('/var/lib/plimsoll', join(here.base, 'state'))) as readonly Action[];
  const becomesLink = (): void => {
    rmSync(to());
    symlinkSync(here.secret, to());
  };
  beforeEach(() => {
    here = scene();
    writeFileSync(join(here.base, 'from'), content);
  });

  it('gets neither mode nor owner', async () => {
    writeFileSync(to(), content, { mode: 0o644 });
    const actions = actionsOf(planned({ mode: '0666' }));
    becomesLink();
    expect((await carryOut(inState(actions))).error).toMatchObject({ code: 'action-failed' });
    untouched();
  });

  it('is not kept, and nothing is read of what it leads to', async () => {
    writeFileSync(to(), 'old');
    const [keep] = inState(actionsOf(planned({})));
    if (keep === undefined) throw new Error('something was to be kept');
    becomesLink();
    expect((await carryOut([keep])).error).toMatchObject({ code: 'action-failed' });
    expect(readdirSync(join(here.base, 'state/replaced'))).toEqual([]);
    untouched();
  });

  it('is put back as a file, with its mode', async () => {
    writeFileSync(to(), 'old', { mode: 0o664 });
    chmodSync(to(), 0o664);
    const plan = planned({});
    expect((await carryOut(inState(actionsOf(plan)))).error).toBeUndefined();
    expect(readFileSync(to(), 'utf8')).toBe(content);
    becomesLink();
    expect((await carryOut(inState(undoOf(plan)))).error).toBeUndefined();
    expect({ text: readFileSync(to(), 'utf8'), mode: lstatSync(to()).mode }).toEqual({ text: 'old', mode: 0o100664 });
    untouched();
  });

  it('is removed with what was new', async () => {
    const undo = inState(undoOf(planned({})));
    symlinkSync(here.secret, to());
    expect((await carryOut(undo)).error).toBeUndefined();
    expect(readdirSync(here.app)).toEqual([]);
    untouched();
  });
});

describe('an archive', () => {
  const start = {
    plimsoll: 'backup',
    version: 1,
    name: crossed('foo@web.20260101T000000Z'),
    host: 'web',
    source: 'volume foo',
    compression: 'gzip',
    consistency: 'live',
    sizeBytes: 0,
  } as const;
  const makeIn = (spool: string): Action =>
    makeArchive({
      start,
      source: { path: here.victim, identity: 'x' } as Directory,
      spool,
      place: 'path:/kept',
      file: undefined,
      list: false,
    });
  const part = '.foo@web.20260101T000000Z.tar.gz.part';

  it.each([0o777, 0o775])('is not made where others can write: mode %d', async (mode) => {
    here = scene();
    chmodSync(here.app, mode);
    symlinkSync(here.secret, join(here.app, part));
    expect((await carryOut([makeIn(here.app)], { atomic: true })).error).toMatchObject({
      message: expect.stringContaining('can be written by other users'),
    });
    expect(readdirSync(here.app)).toEqual([part]);
    untouched();
  });

  it(
    'is neither made in a directory of another user, nor brought there from a bucket',
    { tags: ['root'] },
    async () => {
      here = scene(otherUser);
      symlinkSync(here.secret, join(here.app, part));
      writeFileSync(join(here.base, 'curl'), '', { mode: 0o600 });
      const get = getFromBucket(
        { bucket: 'http://127.0.0.1:9/x', credentials: join(here.base, 'curl') },
        { ...start, sha256: 'f'.repeat(64) } as unknown as Manifest,
        join(here.app, 'foo@web.20260101T000000Z.tar.gz'),
      );
      for (const action of [makeIn(here.app), makeIn(join(here.app, 'new')), get])
        expect((await carryOut([action], { atomic: true })).error).toMatchObject({
          code: 'action-failed',
          message: expect.stringMatching(/belongs to another user|can be written by other users/),
        });
      expect(readdirSync(here.app)).toEqual([part]);
      untouched();
    },
  );
});

describe('a fetch', () => {
  beforeEach(() => {
    here = scene();
  });
  const fetch = (more: Partial<Extract<Action, { kind: 'fetch' }>> = {}): Action => ({
    kind: 'fetch',
    path: '/dev/zero',
    to: join(here.app, 'here'),
    sha256: 'f'.repeat(64),
    bytes: 1_000_000,
    ...more,
  });

  it.each([
    ['at once', {}],
    ['in parts', { resumes: true }],
  ])('of what never ends stops where it is to end, and keeps nothing: %s', async (_how, more) => {
    expect((await carryOut([fetch(more)])).error).toMatchObject({
      code: 'action-failed',
      message: expect.stringContaining('more arrives than the 1000000 bytes'),
    });
    expect(readdirSync(here.app)).toEqual([]);
  });

  it.each([
    ['planned', { bytes: 2 ** 52 }],
    ['planned, in parts', { bytes: 2 ** 52, resumes: true }],
    ['of which only the host says it', { described: ['echo', 'f'.repeat(64), String(2 ** 52)], resumes: true }],
  ])('of more than there is room for is not begun: %s', async (_what, more) => {
    expect((await carryOut([fetch(more)])).error).toMatchObject({
      code: 'action-failed',
      message: expect.stringContaining('are free there'),
      hint: expect.stringContaining('make room'),
    });
    expect(readdirSync(here.app)).toEqual([]);
  });

  it('of more than is ever taken of such a file is not begun', async () => {
    expect(
      (await carryOut([fetch({ described: ['echo', 'f'.repeat(64), '262145'], atMostBytes: 262_144, resumes: true })]))
        .error,
    ).toMatchObject({ message: expect.stringContaining('at most 262144 are taken') });
  });

  it.each([
    ['a link', symlinkSync],
    ['another name of a file', linkSync],
  ] as const)('is not written through %s that stands where its part would', async (_what, plant) => {
    writeFileSync(join(here.base, 'there'), content);
    plant(here.secret, join(here.app, 'here.plimsoll-part'));
    for (const resumes of [false, true]) {
      expect(
        (
          await carryOut([
            fetch({ path: join(here.base, 'there'), sha256: sha256(content), bytes: content.length, resumes }),
          ])
        ).error,
      ).toBeUndefined();
      expect({
        text: readFileSync(join(here.app, 'here'), 'utf8'),
        link: lstatSync(join(here.app, 'here')).isSymbolicLink(),
      }).toEqual({ text: content, link: false });
    }
    expect(existsSync(join(here.app, 'here.plimsoll-part'))).toBe(false);
    untouched();
  });
});
