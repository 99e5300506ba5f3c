import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/errors.ts';
import type { Action } from '../../../src/operations/engine/change.ts';
import type { MemoryHost } from '../../../src/transport/local/memory.ts';
import type { Command } from '../../../src/transport/transport.ts';
import { carryOut } from '../carry-out.ts';
import { endingAtOnce } from '../links.ts';
import type { Wire } from '../wire.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'plimsoll interpret-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
const exec = (...argv: readonly string[]): Action => ({ kind: 'exec', argv });

describe('a change', () => {
  it('that is atomic is one script, recorded once', async () => {
    expect(await carryOut([exec('true'), exec('echo', 'x')], { atomic: true })).toMatchObject({
      journal: ['intent 0,1', 'done 0,1'],
      output: { stdout: 'x\n' },
    });
  });

  it('that is not is recorded action by action, and stops at the one that fails', async () => {
    const { journal, error } = await carryOut([
      exec('true'),
      exec('/bin/sh', '-c', 'echo why >&2; exit 4'),
      exec('touch', join(directory, 'after')),
    ]);
    expect(journal).toEqual(['intent 0', 'done 0', 'intent 1', 'failed 1']);
    expect(error).toMatchObject({ code: 'action-failed', message: expect.stringMatching(/exit status 4: why$/) });
    expect(existsSync(join(directory, 'after'))).toBe(false);
  });

  it('says which action of it has failed', async () => {
    expect((await carryOut([exec('true'), exec('false')], { atomic: true })).error?.message).toBe(
      'false (action 2 of the change): exit status 1',
    );
  });

  it('is not begun when the run has been interrupted', async () => {
    const controller = new AbortController();
    controller.abort(new AppError('interrupted', 'stop'));
    expect(await carryOut([exec('touch', join(directory, 'a'))], { signal: controller.signal })).toMatchObject({
      journal: [],
      error: { code: 'interrupted' },
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  it.each([
    ['killed by a signal', { status: 137, stderr: '' }, 'exit status 137'],
    ['ended by something else', { status: 1, stderr: 'sh: syntax error' }, 'syntax error'],
    ['failed, and its words were lost in the noise', { status: 70, stderr: 'x'.repeat(900) }, 'exit status 70'],
  ])('whose script was %s is a failure', async (_what, answer, why) => {
    for (const atomic of [true, false])
      expect((await carryOut([exec('x')], { atomic, host: endingAtOnce(() => answer) })).error).toMatchObject({
        code: 'action-failed',
        message: expect.stringContaining(why),
      });
  });

  it('that seems to have failed, by what it printed, and has not, is a success', async () => {
    for (const atomic of [true, false])
      expect(
        (
          await carryOut([exec('x')], {
            atomic,
            host: endingAtOnce(() => ({ status: 0, stderr: '\nplimsoll-failed: x\nplimsoll-failed-action 1\n' })),
          })
        ).error,
      ).toBeUndefined();
  });
});

describe('what is not waited for', () => {
  const slow = exec('/bin/sh', '-c', "trap 'exit 0' TERM; while :; do sleep 0.1; done");
  const whenBegun =
    (abort: AbortController) =>
    ({ script }: Command): void => {
      if (script.includes('setsid'))
        setTimeout(() => {
          abort.abort(new AppError('interrupted', 'stop'));
        }, 300);
    };

  it('a program that was told to end is no success, whatever it says', async () => {
    const stop = new AbortController();
    expect(
      await carryOut([slow, exec('touch', join(directory, 'after'))], { signal: stop.signal, before: whenBegun(stop) }),
    ).toMatchObject({
      journal: ['intent 0', 'failed 0'],
      error: { code: 'interrupted', message: expect.stringContaining('ended half way') },
    });
    expect(existsSync(join(directory, 'after'))).toBe(false);
  });

  it('what is left to itself has no outcome', async () => {
    const detach = new AbortController();
    const held = exec(
      '/bin/sh',
      '-c',
      'until [ -e "$2" ]; do sleep 0.1; done; : >"$1"',
      'sh',
      join(directory, 'done'),
      join(directory, 'go'),
    );
    expect(await carryOut([held], { detach: detach.signal, before: whenBegun(detach) })).toMatchObject({
      journal: ['intent 0'],
      error: { code: 'interrupted' },
    });
    writeFileSync(join(directory, 'go'), '');
    await expect.poll(() => existsSync(join(directory, 'done'))).toBe(true);
  });
});

describe('upload', () => {
  const cutOnce = (): ((command: Command, wire: Wire) => void) => {
    let cuts = 0;
    return ({ script }, wire) => {
      if (!script.includes('sha256sum') && !script.startsWith('cat <')) return;
      cuts += 1;
      if (cuts === 1) wire.cut('web-1');
    };
  };

  it('is done again when the connection is lost over it, and so is a fetch', async () => {
    writeFileSync(join(directory, 'from'), 'content');
    const digest = sha256('content');
    expect(
      await carryOut(
        [
          {
            kind: 'upload',
            from: join(directory, 'from'),
            path: join(directory, 'to'),
            mode: '0640',
            sha256: digest,
            bytes: 7,
          },
        ],
        { before: cutOnce() },
      ),
    ).toMatchObject({ journal: ['intent 0', 'done 0'] });
    expect(
      await carryOut(
        [{ kind: 'fetch', path: join(directory, 'to'), to: join(directory, 'back'), sha256: digest, bytes: 7 }],
        { before: cutOnce() },
      ),
    ).toMatchObject({ journal: ['intent 0', 'done 0'] });
    expect({ back: readFileSync(join(directory, 'back'), 'utf8'), files: readdirSync(directory).toSorted() }).toEqual({
      back: 'content',
      files: ['back', 'from', 'to'],
    });
  });

  const upload = (content: Buffer, more: Partial<Extract<Action, { kind: 'upload' }>> = {}): Action => {
    writeFileSync(join(directory, 'from'), content);
    return {
      kind: 'upload',
      from: join(directory, 'from'),
      path: join(directory, 'to'),
      mode: '0640',
      sha256: sha256(content),
      bytes: content.length,
      ...more,
    };
  };
  const content = Buffer.from([0, 255, 10, 13, 39, 34, ...Buffer.from('é💾')]);

  it('puts the very bytes in place, with their mode, and leaves nothing beside them', async () => {
    writeFileSync(join(directory, 'to'), 'old');
    chmodSync(join(directory, 'to'), 0o600);
    expect((await carryOut([upload(content)])).error).toBeUndefined();
    expect({
      bytes: readFileSync(join(directory, 'to')),
      mode: statSync(join(directory, 'to')).mode & 0o777,
      files: readdirSync(directory).toSorted(),
    }).toEqual({ bytes: content, mode: 0o640, files: ['from', 'to'] });
  });

  it('of a large file', async () => {
    const large = Buffer.alloc(3_000_000, 'plimsoll');
    expect((await carryOut([upload(large)])).error).toBeUndefined();
    expect(sha256(readFileSync(join(directory, 'to')))).toBe(sha256(large));
  });

  it.each([
    ['the file has changed since the plan', { sha256: 'a'.repeat(64) }, 'did not arrive whole'],
    ['its owner does not exist', { owner: 'no-such-user' }, 'no-such-user'],
  ])('leaves the old file alone when %s', async (_what, more, why) => {
    writeFileSync(join(directory, 'to'), 'old');
    const { error, journal } = await carryOut([upload(content, more)]);
    expect(error).toMatchObject({ code: 'action-failed', message: expect.stringContaining(why) });
    expect(journal).toEqual(['intent 0', 'failed 0']);
    expect({ text: readFileSync(join(directory, 'to'), 'utf8'), files: readdirSync(directory).toSorted() }).toEqual({
      text: 'old',
      files: ['from', 'to'],
    });
  });
});

describe('fetch', () => {
  const fetch = (digest: string): Action => ({
    kind: 'fetch',
    path: join(directory, 'there'),
    to: join(directory, 'new', 'here'),
    sha256: digest,
    bytes: 3,
  });

  it('brings the very bytes, private to their owner', async () => {
    writeFileSync(join(directory, 'there'), 'a\0b');
    expect((await carryOut([fetch(sha256('a\0b'))])).error).toBeUndefined();
    expect({
      text: readFileSync(join(directory, 'new', 'here'), 'utf8'),
      mode: statSync(join(directory, 'new', 'here')).mode & 0o777,
      files: readdirSync(join(directory, 'new')),
    }).toEqual({ text: 'a\0b', mode: 0o600, files: ['here'] });
  });

  it.each([
    ['is another one than the plan saw', 'changed', sha256('was')],
    ['is gone', undefined, sha256('was')],
  ])('keeps nothing of a file that %s', async (_what, text, digest) => {
    if (text !== undefined) writeFileSync(join(directory, 'there'), text);
    expect((await carryOut([fetch(digest)])).error).toMatchObject({ code: 'action-failed' });
    expect(readdirSync(join(directory, 'new'))).toEqual([]);
  });
});

describe('what is brought in parts', () => {
  const content = Buffer.alloc(3_000_000, 'what is brought in parts, ');
  const sent: string[] = [];
  const noting = {
    before: ({ script, args = [] }: Command): void => {
      if (script.startsWith('tail -c') || script.includes('exec dd')) sent.push(args[1] ?? '');
    },
  };
  beforeEach(() => {
    sent.length = 0;
  });
  const fetch = (more: Partial<Extract<Action, { kind: 'fetch' }>> = {}): Action => ({
    kind: 'fetch',
    path: join(directory, 'there'),
    to: join(directory, 'here'),
    sha256: sha256(content),
    bytes: content.length,
    resumes: true,
    ...more,
  });
  const upload: () => Action = () => ({
    kind: 'upload',
    from: join(directory, 'here'),
    path: join(directory, 'there'),
    mode: '0640',
    sha256: sha256(content),
    bytes: content.length,
    resumes: true,
  });

  it('is gone on with by a fetch, which then removes what it supersedes', async () => {
    writeFileSync(join(directory, 'there'), content);
    writeFileSync(join(directory, 'here.plimsoll-part'), content.subarray(0, 1_234_567));
    writeFileSync(join(directory, 'old'), 'old');
    expect(
      (await carryOut([fetch({ supersedes: [join(directory, 'old'), join(directory, 'gone')] })], noting)).error,
    ).toBeUndefined();
    expect({
      sent,
      same: readFileSync(join(directory, 'here')).equals(content),
      files: readdirSync(directory).toSorted(),
    }).toEqual({ sent: ['1234568'], same: true, files: ['here', 'there'] });
  });

  it('is described by the host when its turn has come', async () => {
    writeFileSync(join(directory, 'there'), content);
    const { sha256: _digest, bytes: _bytes, ...later } = fetch() as Extract<Action, { kind: 'fetch' }>;
    expect(
      (await carryOut([{ ...later, described: ['echo', sha256(content), String(content.length)] }])).error,
    ).toBeUndefined();
    expect(readFileSync(join(directory, 'here')).equals(content)).toBe(true);
    expect((await carryOut([{ ...later, described: ['echo', 'no digest'] }])).error).toMatchObject({
      code: 'action-failed',
      message: expect.stringContaining('it is not known what is to be fetched'),
    });
  });

  it('is gone on with by an upload, in whole blocks', async () => {
    writeFileSync(join(directory, 'here'), content);
    writeFileSync(join(directory, '.there.part'), content.subarray(0, 1_234_567));
    expect((await carryOut([upload()], noting)).error).toBeUndefined();
    expect({
      sent,
      same: readFileSync(join(directory, 'there')).equals(content),
      mode: statSync(join(directory, 'there')).mode & 0o777,
      files: readdirSync(directory).toSorted(),
    }).toEqual({ sent: ['1'], same: true, mode: 0o640, files: ['here', 'there'] });
  });

  it.each([
    ['fetch', fetch, 'there', 'here.plimsoll-part'],
    ['upload', upload, 'here', '.there.part'],
  ] as const)(
    'is never taken for the file when a part of it is another one: %s',
    async (_kind, action, origin, part) => {
      writeFileSync(join(directory, origin), content);
      writeFileSync(join(directory, part), Buffer.alloc(2_000_000, 'else'));
      expect((await carryOut([action()])).error).toMatchObject({
        code: 'action-failed',
        message: expect.stringContaining('what arrived is not what was sent'),
      });
      expect(readdirSync(directory)).toEqual([origin]);
      expect((await carryOut([action()])).error).toBeUndefined();
    },
  );
});

describe('wait-until', () => {
  const wait = (more: Partial<Extract<Action, { kind: 'wait-until' }>>): Action => ({
    kind: 'wait-until',
    argv: ['cat', join(directory, 'state')],
    everySeconds: 0.01,
    forSeconds: 30,
    what: 'it is up',
    ...more,
  });

  it('asks until it is so', async () => {
    let asked = 0;
    const host: MemoryHost = () => {
      asked += 1;
      return asked < 3 ? { stdout: 'starting\n' } : { stdout: '  up \n' };
    };
    expect((await carryOut([wait({ equals: 'up' })], { host })).error).toBeUndefined();
    expect(asked).toBe(3);
  });

  it.each([
    ['another answer', { equals: 'up', forSeconds: 0 }, () => ({ stdout: 'down\n' }), 'last answer: down'],
    [
      'the right answer of a program that fails',
      { equals: 'up', forSeconds: 0 },
      () => ({ status: 1, stdout: 'up\n' }),
      'last answer: up',
    ],
    ['an error', { forSeconds: 0 }, () => ({ status: 1, stderr: 'no daemon' }), 'last answer: no daemon'],
  ])('gives up with %s', async (_what, more, host, why) => {
    expect((await carryOut([wait(more)], { host })).error).toMatchObject({
      code: 'timed-out',
      message: expect.stringContaining(why),
    });
  });
});
