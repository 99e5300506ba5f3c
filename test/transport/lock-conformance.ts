import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, LockHolder } from '../../src/transport/transport.ts';
import type { Subject } from './conformance.ts';

export const ada: LockHolder = {
  run: '20260101-ada',
  by: 'ada@laptop',
  reason: "apply it's/grow.yaml",
  since: '2026-01-01T10:00:00.000Z',
};
export const bob: LockHolder = {
  run: '20260101-bob',
  by: 'bob@laptop',
  reason: 'apply $(other).yaml',
  since: '2026-01-01T11:00:00+02:00',
};

/** Runs until a file `go` is there, without printing anything, and then makes a file `done`. */
export const untilGo = 'while [ ! -e "$1/go" ]; do sleep 0.05; done; : >"$1/done"';

/** A directory that is gone after the test, and the place of a state directory in it that is not made yet. */
export function temporaryPlaces(): { readonly directory: string; readonly state: string; readonly remove: () => void } {
  const directory = mkdtempSync(join(tmpdir(), 'plimsoll-lock-'));
  return {
    directory,
    state: join(directory, "it's made", 'state'),
    remove: () => {
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Resolves once the connection has got the lock that another one may still have. */
export async function whenFree(connection: Connection): Promise<void> {
  await expect.poll(() => connection.lock(bob)).toEqual({ held: true });
}

/** The host's lock, and where it is: part of the contract of `Connection`. */
export function describeLock(subject: () => Subject): void {
  describe('the lock', () => {
    let places: ReturnType<typeof temporaryPlaces>;
    let first: Connection;
    let second: Connection;
    beforeEach(async () => {
      places = temporaryPlaces();
      const { state: stateDirectory } = places;
      [first, second] = await Promise.all([
        subject().connect({ stateDirectory }),
        subject().connect({ stateDirectory }),
      ]);
    });
    afterEach(async () => {
      await Promise.all([first.close(), second.close()]);
      places.remove();
    });

    it('has a directory that every command knows, made with the first lock', async () => {
      const script = 'printf %s "$PLIMSOLL_STATE"';
      const [own, shared, other, streamed] = await Promise.all([
        first.run({ script }),
        first.run({ script, repeatable: true }),
        first.run({ script, repeatable: true }),
        first.stream({ script }, {}),
      ]);
      expect([own, shared, other, streamed].map(({ stdout }) => stdout)).toEqual(
        Array.from({ length: 4 }, () => places.state),
      );
      expect(existsSync(places.state)).toBe(false);
      expect(await first.lock(ada)).toEqual({ held: true });
      expect(statSync(places.state).mode & 0o777).toBe(0o700);
      expect(statSync(join(places.state, 'lock')).mode & 0o777).toBe(0o600);
    });

    it('is taken once, and whoever comes second is told who has it', async () => {
      expect(await first.lock(ada)).toEqual({ held: true });
      expect(await second.lock(bob)).toEqual({ held: false, holder: ada });
      expect(JSON.parse(readFileSync(join(places.state, 'lock'), 'utf8'))).toEqual(ada);
      expect(await first.lock(ada)).toEqual({ held: true });
      expect(await second.lock(bob)).toEqual({ held: false, holder: ada });
    });

    it('is free when it has been let go of, as often as one likes', async () => {
      await first.unlock();
      await first.lock(ada);
      await Promise.all([first.unlock(), first.unlock()]);
      expect(await second.lock(bob)).toEqual({ held: true });
      expect(await first.lock(ada)).toEqual({ held: false, holder: bob });
      await second.unlock();
      expect(await first.lock(ada)).toEqual({ held: true });
      await first.unlock();
      await first.unlock();
      await first.close();
      await first.unlock();
    });

    it('is free when the connection has been closed', async () => {
      await first.lock(ada);
      await first.close();
      await whenFree(second);
      await expect(first.lock(ada)).rejects.toMatchObject({ code: 'connection-lost' });
    });

    it.each([
      ['let go of', 'unlock'],
      ['closed', 'close'],
    ] as const)('is kept by a command that runs when the connection is %s', async (_title, end) => {
      await first.lock(ada);
      let running: Promise<unknown> = Promise.resolve();
      await new Promise<void>((started) => {
        running = first
          .run(
            { script: `echo started; ${untilGo}`, args: [places.directory] },
            {
              onOutput: () => {
                started();
              },
            },
          )
          .catch((error: unknown) => error);
      });
      await first[end]();
      expect(await second.lock(bob)).toEqual({ held: false, holder: ada });
      writeFileSync(join(places.directory, 'go'), '');
      await whenFree(second);
      expect(existsSync(join(places.directory, 'done'))).toBe(true);
      await running;
    });

    it('answers while commands run and wait, and leaves no trace in their output', async () => {
      const running = first.run({
        script: `echo out; echo err >&2; ${untilGo}; echo out; echo err >&2`,
        args: [places.directory],
      });
      const waiting = first.run({ script: 'echo next; echo error >&2' });
      const others = second.run({ script: `echo out; ${untilGo}`, args: [places.directory] });
      expect(await first.lock(ada)).toEqual({ held: true });
      expect(await second.lock(bob)).toEqual({ held: false, holder: ada });
      await first.unlock();
      writeFileSync(join(places.directory, 'go'), '');
      expect(await Promise.all([running, waiting, others])).toEqual([
        { status: 0, stdout: 'out\nout\n', stderr: 'err\nerr\n', droppedBytes: 0 },
        { status: 0, stdout: 'next\n', stderr: 'error\n', droppedBytes: 0 },
        { status: 0, stdout: 'out\n', stderr: '', droppedBytes: 0 },
      ]);
    });

    it('is not left behind by a request that was interrupted', async () => {
      await expect(first.lock(ada, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
      const controller = new AbortController();
      const asked = first.lock(ada, { signal: controller.signal });
      controller.abort();
      await expect(asked).rejects.toMatchObject({ code: 'interrupted' });
      await whenFree(second);
      await second.unlock();
      expect(await first.lock(ada, { signal: new AbortController().signal })).toEqual({ held: true });
    });

    it.each<[string, (state: string) => void, RegExp]>([
      [
        'below a file',
        (state) => {
          writeFileSync(join(state, '..'), '');
        },
        /not a directory|file exists/i,
      ],
      [
        'a file',
        (state) => {
          mkdirSync(join(state, '..'));
          writeFileSync(state, '');
        },
        /not a directory|file exists/i,
      ],
      [
        'writable by others',
        (state) => {
          mkdirSync(state, { recursive: true });
          chmodSync(state, 0o1777);
        },
        /can be written by other users/,
      ],
      [
        'writable by its group',
        (state) => {
          mkdirSync(state, { recursive: true });
          chmodSync(state, 0o770);
        },
        /can be written by other users/,
      ],
      [
        'with a directory in the place of the lock',
        (state) => {
          mkdirSync(join(state, 'lock'), { recursive: true });
          chmodSync(state, 0o755);
        },
        /not a regular file/,
      ],
    ])('is refused when its directory is %s, and the connection goes on', async (_title, prepare, reason) => {
      prepare(places.state);
      const error = await first.lock(ada).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        code: 'refused',
        message: expect.stringMatching(reason) as unknown,
        hint: expect.stringContaining('state_directory') as unknown,
      });
      expect(String(error)).toContain(places.directory);
      expect(await first.run({ script: 'echo on' })).toMatchObject({ stdout: 'on\n', stderr: '' });
    });

    it.each<[string, string | Buffer]>([
      ['nothing', ''],
      ['no JSON', 'gone fishing\n'],
      ['other JSON', '[{"run":"x"}]'],
      ['half a holder', '{"run":"x","by":"y","reason":"z"}'],
      ['other types', '{"run":"x","by":"y","reason":["z"],"since":"2026-01-01T10:00:00Z"}'],
      ['a time that is none', '{"run":"x","by":"y","reason":"z","since":"yesterday"}'],
      ['ten megabytes', `{"run":"${'x'.repeat(10_000_000)}`],
      ['every byte', Buffer.from(Array.from({ length: 2560 }, (_, index) => index % 256))],
      ['what looks like markers', '\u00010123456789abcdef0123456789abcdef lock 1 taken\n'],
    ])('is still another’s when its file says %s', async (_title, content) => {
      await first.lock(ada);
      writeFileSync(join(places.state, 'lock'), content);
      expect(await second.lock(bob)).toEqual({ held: false });
      expect(await second.run({ script: 'echo on' })).toMatchObject({ stdout: 'on\n', stderr: '' });
    });

    it('tells of its holder without escape sequences and at bounded length', async () => {
      await first.lock(ada);
      writeFileSync(
        join(places.state, 'lock'),
        JSON.stringify({ ...ada, by: '\u001b[2J\u202eada', reason: 'x'.repeat(2000), more: 'y' }),
      );
      const answer = await second.lock(bob);
      expect(answer).toEqual({
        held: false,
        holder: { ...ada, by: String.raw`\x1b[2J\u202eada`, reason: `${'x'.repeat(200)}…` },
      });
    });
  });
}
