import { randomUUID } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Connection, Target } from '../../src/transport/transport.ts';
import { Secret } from '../../src/values/secret.ts';
import { ada, bob, describeLock, temporaryPlaces, untilGo, whenFree } from './lock-conformance.ts';

/** One host of a transport under test, whose shell runs on this machine. */
export interface Subject {
  connect(overrides?: Partial<Target>): Promise<Connection>;
  stop(): Promise<void>;
}

/** The contract of `Connection`: every transport passes the same cases. */
export function describeTransport(name: string, start: () => Promise<Subject>): void {
  describe(`${name} keeps the transport's contract`, () => {
    let subject: Subject;
    let connection: Connection;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(async () => {
      await subject.stop();
    });
    beforeEach(async () => {
      connection = await subject.connect();
    });
    afterEach(async () => {
      await connection.close();
    });

    describe('commands', () => {
      it('gives status, standard output and standard error apart', async () => {
        const outcome = await connection.run({ script: 'echo out; echo err >&2; exit 3' });
        expect(outcome).toEqual({ status: 3, stdout: 'out\n', stderr: 'err\n', droppedBytes: 0 });
      });

      it.each([0, 1, 2, 124, 125, 126, 127, 128, 255])('passes on exit status %i', async (status) => {
        expect((await connection.run({ script: 'exit "$1"', args: [String(status)] })).status).toBe(status);
      });

      it('reports a signal as a shell does', async () => {
        const outcomes = await Promise.all([
          connection.run({ script: 'kill -KILL $$' }),
          connection.run({ script: 'kill -TERM 0' }),
          connection.run({ script: 'echo next' }),
        ]);
        expect(outcomes.map(({ status }) => status)).toEqual([137, 143, 0]);
      });

      it.each([
        ['quotes', `it's "quoted" \`and\` \\escaped\\`],
        ['expansions', '$HOME $(id) ${x} ~ * ? [a-z] !! !$'],
        ['separators', '; & && | || > < ( ) { } #'],
        ['line feeds', '\nfirst\n\nlast\n\n'],
        ['control characters', '\t\r\u0001\u0007\u001b[31m\u007f'],
        ['unicode', 'Grüße 你好 🚢 \u0301 \u202e'],
        [
          'every byte of UTF-8 continuation',
          Array.from({ length: 64 }, (_, index) => String.fromCodePoint(0x80 + index, 0x4000 + index)).join(''),
        ],
        ['a leading dash', '-n'],
        ['the empty string', ''],
        ['percent and backslash sequences', '%s %d %% \\n \\0 \\c \\\\'],
      ])('passes an argument with %s unchanged', async (_title, argument) => {
        const outcome = await connection.run({ script: 'printf "%s|" "$#" "$1" "$2"', args: [argument, 'end'] });
        expect(outcome.stdout).toBe(`2|${argument}|end|`);
      });

      it('gives nothing back that holds a secret of the target, however it is written down, and in whatever pieces it comes', async () => {
        const secret = 'c0rrect "horse" & staple';
        const own = await subject.connect({
          secretVars: new Map([['x', new Secret(secret)]]),
          password: new Secret('hunter2-hunter2'),
        });
        const lines: string[] = [];
        const script =
          'printf "a %s b\\n" "$1"; printf %s "$1" | base64; printf %s "$1" | cut -c1-7 | tr -d "\\n"; sleep 0.3; printf %s "$1" | cut -c8-; printf "%s" hunter2-hunter2 >&2';
        const outcome = await own.run(
          { script, args: [secret] },
          {
            onOutput: (stream, text) => {
              lines.push(`${stream} ${text}`);
            },
          },
        );
        expect(outcome).toEqual({ status: 0, stdout: 'a *** b\n***\n***\n', stderr: '***', droppedBytes: 0 });
        expect(
          lines
            .filter((line) => line.startsWith('stdout'))
            .map((line) => line.slice('stdout '.length))
            .join(''),
        ).toBe(outcome.stdout);
        expect(lines.filter((line) => line.startsWith('stderr'))).toEqual(['stderr ***']);
        await expect(own.run({ script: 'echo "x$1"', args: [secret], prints: 'data' })).rejects.toMatchObject({
          code: 'refused',
        });
        expect(await own.run({ script: 'echo data', prints: 'data' })).toMatchObject({ stdout: 'data\n' });
        await own.close();
      });

      it('copies bytes as they are, secrets among them', async () => {
        const secret = 'hunter2-hunter2';
        const own = await subject.connect({ password: new Secret(secret) });
        const output = new PassThrough();
        const copied = buffer(output);
        await own.stream({ script: 'printf "%s\\377\\n" "$1"; echo "$1" >&2', args: [secret] }, { output });
        expect((await copied).equals(Buffer.concat([Buffer.from(secret), Buffer.from([0xff, 0x0a])]))).toBe(true);
        expect(await own.stream({ script: 'echo "$1" >&2; echo "$1"', args: [secret] }, {})).toMatchObject({
          stdout: '***\n',
          stderr: '***\n',
        });
        await own.close();
      });

      it('refuses a NUL, which no argument can have', async () => {
        await expect(connection.run({ script: 'echo "$1"', args: ['a\0b'] })).rejects.toMatchObject({
          code: 'internal',
        });
      });

      it('passes standard input unchanged, and only to the command it belongs to', async () => {
        const text = `line 1\n'quoted' \\n %s\n${'x'.repeat(1000)}\nno line feed at the end`;
        const [first, second, third] = await Promise.all([
          connection.run({ script: 'head -n 1', stdin: text }),
          connection.run({ script: 'cat' }),
          connection.run({ script: 'cat', stdin: text }),
        ]);
        expect(first.stdout).toBe('line 1\n');
        expect(second.stdout).toBe('');
        expect(third.stdout).toBe(text);
      });

      it('does not mind a command that leaves its standard input unread', async () => {
        const outcome = await connection.run({ script: 'exit 7', stdin: 'x'.repeat(300_000) });
        expect(outcome).toEqual({ status: 7, stdout: '', stderr: '', droppedBytes: 0 });
      });

      it('takes 1 MB of standard input', async () => {
        const stdin = 'äöü€'.repeat(100_000);
        const outcome = await connection.run({ script: 'cat', stdin });
        expect(outcome.stdout === stdin).toBe(true);
      });

      it('takes a script of 200 KB, which no argument list could hold', async () => {
        const lines = Array.from(
          { length: 4000 },
          (_, index) => `: 'a line of the script with the number ${String(index)}'`,
        );
        const outcome = await connection.run({ script: `${lines.join('\n')}\necho done` });
        expect(outcome).toMatchObject({ status: 0, stdout: 'done\n' });
      });

      it('shows neither script nor arguments nor standard input in the process list or the environment', async () => {
        const mark = 'secret-4711';
        const script =
          'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n" | grep -- "$2[-]4711"; : secret-4711';
        const outcome = await connection.run({
          script: `${script}; cat >/dev/null`,
          args: [mark, 'secret'],
          stdin: mark,
        });
        expect(outcome).toMatchObject({ status: 0, stdout: '' });
      });

      it("runs with LC_ALL=C, umask 077 and the system's directories first in PATH", async () => {
        const outcome = await connection.run({ script: 'echo "$LC_ALL"; umask; echo "$PATH"' });
        const [locale, umask, path] = outcome.stdout.split('\n');
        expect([locale, umask]).toEqual(['C', '0077']);
        expect(path).toMatch(/^\/usr\/local\/sbin:\/usr\/local\/bin:\/usr\/sbin:\/usr\/bin:\/sbin:\/bin(?::\/[^:]*)*$/);
      });

      it('says who commands run as', async () => {
        // Whoever it logs in as, commands run as the user that these tests have.
        const mine = await subject.connect({ user: userInfo().username });
        expect((await mine.run({ script: 'id -un' })).stdout.trim()).toBe(mine.info.runsAs);
        await mine.close();
      });
    });

    describe('several commands', () => {
      it('executes those of one turn in order and answers in order', async () => {
        const answers: number[] = [];
        const journal = `/tmp/plimsoll-order-${randomUUID()}`;
        const runs = Array.from({ length: 8 }, async (_, index) => {
          const outcome = await connection.run({
            script: 'sleep "$2"; echo "$1" >>"$3"; echo "$1"',
            args: [String(index), index === 0 ? '0.2' : '0', journal],
          });
          answers.push(index);
          return outcome.stdout;
        });
        const outputs = await Promise.all(runs);
        const executed = await connection.run({ script: 'cat "$1"; rm -f "$1"', args: [journal] });
        const inOrder = ['0\n', '1\n', '2\n', '3\n', '4\n', '5\n', '6\n', '7\n'];
        expect(outputs).toEqual(inOrder);
        expect(answers).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
        expect(executed.stdout).toBe(inOrder.join(''));
      });

      it('lets no command influence the next one', async () => {
        const scripts = [
          'exit 5',
          'if then fi (',
          'set -eu; false',
          'cd /; umask 000; LEAK=1; export LEAK; exec 1>&-',
          'trap "" TERM; return 3',
          'exec false',
        ];
        const outcomes = await Promise.all([
          ...scripts.map((script) => connection.run({ script })),
          connection.run({ script: 'echo "${LEAK:-none}"; umask' }),
        ]);
        expect(outcomes.at(-1)).toMatchObject({ status: 0, stdout: 'none\n0077\n', stderr: '' });
        expect(outcomes[0].status).toBe(5);
        expect(outcomes[1]).toMatchObject({ status: 2, stdout: '' });
        expect(outcomes[1]?.stderr).toMatch(/syntax error/i);
        expect(outcomes[2]?.status).toBe(1);
      });

      it('keeps outputs apart that end without a line feed', async () => {
        const outcomes = await Promise.all(
          ['a', 'b', ''].map((text) =>
            connection.run({ script: 'printf %s "$1"; printf %s "$1$1" >&2', args: [text] }),
          ),
        );
        expect(outcomes.map(({ stdout, stderr }) => [stdout, stderr])).toEqual([
          ['a', 'aa'],
          ['b', 'bb'],
          ['', ''],
        ]);
      });

      it('takes output that looks like its own markers for output', async () => {
        const script =
          'printf "\\001"; printf "\\0010123456789abcdef0123456789abcdef end 1 0\\n"; printf "\\001\\001" >&2; sleep 0.05; printf "\\001"';
        const outcomes = await Promise.all([connection.run({ script }), connection.run({ script: 'echo next' })]);
        expect(outcomes[0].stdout).toBe('\u0001\u00010123456789abcdef0123456789abcdef end 1 0\n\u0001');
        expect(outcomes[0].stderr).toBe('\u0001\u0001');
        expect(outcomes[1].stdout).toBe('next\n');
      });

      it('answers repeatable commands in order, each by itself, and others between them', async () => {
        const repeatable = true;
        const outcomes = await Promise.all([
          connection.run({ script: 'echo 1; exit 5', repeatable }),
          connection.run({ script: 'if then fi (', repeatable }),
          connection.run({
            script: 'cd /; umask 000; LEAK=1; export LEAK; cat; exec 1>&-',
            stdin: "it's in",
            repeatable,
          }),
          connection.run({ script: 'echo own' }),
          connection.run({ script: 'echo "$1 ${LEAK:-none}"; umask; exec cat', args: ["a'b"], repeatable }),
          connection.run({ script: 'printf %s last; printf %s err >&2', repeatable }),
        ]);
        expect(outcomes.map(({ status, stdout }) => [status, stdout])).toEqual([
          [5, '1\n'],
          [2, ''],
          [0, "it's in"],
          [0, 'own\n'],
          [0, "a'b none\n0077\n"],
          [0, 'last'],
        ]);
        expect(outcomes.at(-1)?.stderr).toBe('err');
      });

      it.each([
        ['by TERM', 'sleep 60'],
        ['by KILL', 'trap "" TERM; sleep 60 & wait; sleep 60'],
      ])('runs repeatable commands again when one of them had to be ended %s', async (_how, hangs) => {
        const repeatable = true;
        const outcomes = await Promise.allSettled([
          connection.run({ script: 'echo before', repeatable }),
          connection.run({ script: hangs, timeoutMs: 500, repeatable }),
          connection.run({ script: 'echo after', repeatable }),
          connection.run({ script: 'cat', stdin: 'later', repeatable }),
        ]);
        expect(
          outcomes.map((outcome) =>
            outcome.status === 'fulfilled' ? outcome.value.stdout : (outcome.reason as { code: string }).code,
          ),
        ).toEqual(['before\n', 'timed-out', 'after\n', 'later']);
      });

      it('runs a command in a copy of the shell, in its turn, and nothing of it is left', async () => {
        const forked = { enoughMs: 60_000 };
        const outcomes = await Promise.all([
          connection.run({ script: 'echo before' }),
          connection.run({
            script: 'LEAK=$1; cd /; umask 000; printf %s "$LEAK"; echo err >&2; exit 7',
            args: ["it's $HOME"],
            forked,
          }),
          connection.run({ script: 'cat; return 3 2>/dev/null; echo on', forked }),
          connection.run({ script: 'exec 3</no/such/file; echo on', forked }),
          connection.run({ script: 'echo "${LEAK:-none}"; umask' }),
        ]);
        expect(outcomes.map(({ status, stdout }) => [status, stdout])).toEqual([
          [0, 'before\n'],
          [7, "it's $HOME"],
          [3, ''],
          [expect.any(Number), expect.any(String)],
          [0, 'none\n0077\n'],
        ]);
        expect(outcomes[1].stderr).toBe('err\n');
        expect(outcomes[3].stderr).toContain('/no/such/file');
      });

      it('tells what waits in a copy of the shell when it is enough, and it alone', async () => {
        const script = 'trap \'enough=1\' USR1; sleep 30 & wait; echo "enough ${enough-no}"; kill $!';
        const outcomes = await Promise.all([
          connection.run({ script, forked: { enoughMs: 100 } }),
          connection.run({ script: 'sleep 0.3; echo next' }),
          connection.run({ script: 'sleep 0.05; echo soon', forked: { enoughMs: 60_000 } }),
        ]);
        expect(outcomes.map(({ stdout }) => stdout)).toEqual(['enough 1\n', 'next\n', 'soon\n']);
      });

      it('stops what waits in a copy of the shell when it is interrupted, and goes on with the next', async () => {
        const stop = new AbortController();
        const waiting = connection.run(
          { script: 'trap : TERM USR1; sleep 30 & wait; kill $!', forked: { enoughMs: 60_000 } },
          { signal: stop.signal },
        );
        const next = connection.run({ script: 'echo next' });
        setTimeout(() => {
          stop.abort();
        }, 100);
        await expect(waiting).rejects.toMatchObject({ code: 'interrupted' });
        expect((await next).stdout).toBe('next\n');
      });

      it('sends what is asked during a flight in the next one', async () => {
        const first = connection.run({ script: 'sleep 0.1; echo 1' });
        await new Promise((resolve) => {
          setTimeout(resolve, 30);
        });
        const others = await Promise.all([
          first,
          connection.run({ script: 'echo 2' }),
          connection.run({ script: 'echo 3' }),
        ]);
        expect(others.map(({ stdout }) => stdout)).toEqual(['1\n', '2\n', '3\n']);
      });
    });

    describe('output', () => {
      it('keeps the beginning of a flood, counts the rest, and stays small', async () => {
        const before = process.memoryUsage().rss;
        const outcome = await connection.run({
          script: 'yes | head -c 209715200; echo end >&2',
          maxOutputBytes: 1000,
          timeoutMs: 120_000,
        });
        expect(outcome).toEqual({
          status: 0,
          stdout: 'y\n'.repeat(500),
          stderr: 'end\n',
          droppedBytes: 209_715_200 - 1000,
        });
        expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
      });

      it('drains a flood on standard error as well', async () => {
        const outcome = await connection.run({ script: 'yes | head -c 20000000 >&2; echo out', maxOutputBytes: 10 });
        expect(outcome).toEqual({
          status: 0,
          stdout: 'out\n',
          stderr: 'y\ny\ny\ny\ny\n',
          droppedBytes: 20_000_000 - 10,
        });
      });

      it('drains floods on both at once, whole and once', async () => {
        const outcome = await connection.run({
          script: 'yes | head -c 20000000 >&2 & yes | head -c 20000000; wait; echo end >&2',
          maxOutputBytes: 10,
        });
        expect(outcome).toEqual({
          status: 0,
          stdout: 'y\ny\ny\ny\ny\n',
          stderr: 'y\ny\ny\ny\ny\n',
          droppedBytes: 40_000_004 - 20,
        });
      });

      it('puts characters together that arrive in pieces', async () => {
        const lines: string[] = [];
        const script = String.raw`printf '\360\237'; sleep 0.1; printf '\232'; sleep 0.1; printf '\242\n\303'; sleep 0.1; printf '\274'`;
        const outcome = await connection.run(
          { script },
          {
            onOutput: (stream, text) => {
              lines.push(`${stream} ${text}`);
            },
          },
        );
        expect(outcome.stdout).toBe('🚢\nü');
        expect(lines).toEqual(['stdout 🚢\n', 'stdout ü']);
      });

      it('does not cut a character in two at the limit', async () => {
        const outcome = await connection.run({ script: String.raw`printf '\303\274\303\274'`, maxOutputBytes: 3 });
        expect(outcome).toMatchObject({ stdout: 'ü', droppedBytes: 1 });
      });

      it('passes on lines while the command runs', async () => {
        const seen: string[] = [];
        let endedWhenSeen = true;
        let ended = false;
        const outcome = await connection
          .run(
            { script: 'echo one; echo err >&2; read -r line </proc/self/fd/0; sleep 0.5; printf two' },
            {
              onOutput: (stream, text) => {
                seen.push(`${stream}:${text}`);
                if (text === 'one\n') endedWhenSeen = ended;
              },
            },
          )
          .finally(() => {
            ended = true;
          });
        expect(outcome.stdout).toBe('one\ntwo');
        expect([...seen].sort()).toEqual(['stderr:err\n', 'stdout:one\n', 'stdout:two']);
        expect(endedWhenSeen).toBe(false);
      });
    });

    describe('ends', () => {
      it('ends the whole process group of a command whose time is over', async () => {
        const seen: string[] = [];
        const script =
          'sleep 300 & echo $!; (trap "" TERM; sh -c \'echo $$; while :; do sleep 300; done\') & echo $$; wait';
        const late = connection.run(
          { script, timeoutMs: 2000 },
          {
            onOutput: (stream, text) => {
              if (stream === 'stdout') seen.push(text);
            },
          },
        );
        const next = connection.run({ script: 'echo still here' });
        await expect(late).rejects.toMatchObject({ code: 'timed-out' });
        const pids = lines(seen).map(Number);
        expect(pids).toHaveLength(3);
        expect(pids.filter(isAlive)).toEqual([]);
        expect((await next).stdout).toBe('still here\n');
      });

      it('counts the time of a command from its start', async () => {
        const runs = await Promise.all([
          connection.run({ script: 'sleep 2' }),
          connection.run({ script: 'echo in time', timeoutMs: 1900 }),
        ]);
        expect(runs[1].stdout).toBe('in time\n');
      });

      it('ends the process group of an interrupted command', async () => {
        const controller = new AbortController();
        const seen: string[] = [];
        const run = connection.run(
          { script: 'echo $$; sleep 300 & echo $!; wait' },
          {
            signal: controller.signal,
            onOutput: (_stream, text) => {
              seen.push(text);
              if (lines(seen).length === 2) controller.abort();
            },
          },
        );
        await expect(run).rejects.toMatchObject({ code: 'interrupted' });
        expect(lines(seen).map(Number).filter(isAlive)).toEqual([]);
      });

      it('does not start a command that was interrupted before, and runs the others', async () => {
        const already = AbortSignal.abort();
        const controller = new AbortController();
        const started: string[] = [];
        const first = connection.run(
          { script: 'echo started; sleep 0.4; echo 1' },
          {
            onOutput: () => {
              controller.abort();
            },
          },
        );
        const second = connection.run(
          { script: 'echo 2' },
          {
            signal: controller.signal,
            onOutput: (_stream, text) => {
              started.push(text);
            },
          },
        );
        const third = connection.run({ script: 'echo 3' });
        const fourth = connection.run({ script: 'echo 4' }, { signal: already });
        const results = await Promise.allSettled([first, second, third, fourth]);
        expect(
          results.map((result) => (result.status === 'fulfilled' ? result.value.stdout : codeOf(result.reason))),
        ).toEqual(['started\n1\n', 'interrupted', '3\n', 'interrupted']);
        expect(started).toEqual([]);
      });

      it('rejects what is asked after it was closed', async () => {
        await connection.close();
        await expect(connection.run({ script: 'echo no' })).rejects.toMatchObject({ code: 'connection-lost' });
        expect(await connection.closed).toBeUndefined();
      });

      it('rejects what is pending when it is closed', async () => {
        const run = connection.run({ script: 'sleep 1' });
        const check = expect(run).rejects.toMatchObject({ code: 'connection-lost' });
        await new Promise((resolve) => {
          setTimeout(resolve, 50);
        });
        await connection.close();
        await check;
      });
    });

    describe('streams', () => {
      it('carries binary data in both directions', async () => {
        const data = Buffer.alloc(3_000_000, Buffer.from(Array.from({ length: 256 }, (_, index) => index)));
        const output = new PassThrough();
        const received = buffer(output);
        const outcome = await connection.stream(
          { script: 'cat; printf "%s" "$1" >&2; exit 4', args: ["it's\n\\n"] },
          { input: Readable.from([data.subarray(0, 1_000_001), data.subarray(1_000_001)]), output },
        );
        expect(outcome).toEqual({ status: 4, stdout: '', stderr: "it's\n\\n", droppedBytes: 0 });
        expect((await received).equals(data)).toBe(true);
      });

      it('without streams takes the standard input and gives the output of the command', async () => {
        expect(await connection.stream({ script: 'cat; echo end', stdin: 'text ' }, {})).toEqual({
          status: 0,
          stdout: 'text end\n',
          stderr: '',
          droppedBytes: 0,
        });
        expect(await connection.stream({ script: 'wc -c' }, {})).toMatchObject({ status: 0, stdout: '0\n' });
      });

      it('has the environment of the other commands', async () => {
        const script = 'echo "$LC_ALL $PATH"; umask; id -un';
        expect((await connection.stream({ script }, {})).stdout).toBe((await connection.run({ script })).stdout);
      });

      it('does not mind a command that ends before its input does', async () => {
        const endless = Readable.from(
          (function* () {
            for (;;) yield Buffer.alloc(65_536);
          })(),
        );
        expect(await connection.stream({ script: 'head -c 10 | wc -c' }, { input: endless })).toMatchObject({
          status: 0,
          stdout: '10\n',
        });
      });

      it('ends the command when its input fails, which must not look like its end', async () => {
        const broken = Readable.from(
          (function* () {
            yield Buffer.from('half');
            throw new Error('the file is gone');
          })(),
        );
        await expect(
          connection.stream({ script: 'cat >/dev/null; echo taken for whole' }, { input: broken }),
        ).rejects.toMatchObject({ code: 'action-failed' });
      });

      it('fails by itself when a stream has failed before the command starts', async () => {
        const input = createReadStream('/dev/null/input');
        await expect(
          connection.stream({ script: 'cat >/dev/null; echo taken for whole' }, { input }),
        ).rejects.toMatchObject({ code: 'action-failed' });
        const output = createWriteStream('/dev/null/output');
        await expect(connection.stream({ script: 'echo data' }, { output })).rejects.toMatchObject({
          code: 'action-failed',
        });
      });

      it('is ended when what it is written to has failed before it was begun, however much it prints', async () => {
        const output = new PassThrough();
        const gone = new Promise((resolve) => output.once('close', resolve));
        output.on('error', () => undefined).destroy(new Error('no room'));
        await gone;
        await expect(
          connection.stream({ script: 'head -c 20000000 /dev/zero; sleep 60' }, { output }),
        ).rejects.toMatchObject({ code: 'action-failed' });
      });

      it('runs beside the other commands, several at once', async () => {
        const streams = Array.from({ length: 12 }, (_, index) =>
          connection.stream({ script: 'sleep 0.1; echo "$1"', args: [String(index)] }, {}),
        );
        const run = connection.run({ script: 'echo quick' });
        expect((await run).stdout).toBe('quick\n');
        expect((await Promise.all(streams)).map(({ stdout }) => Number(stdout))).toEqual(
          Array.from({ length: 12 }, (_, index) => index),
        );
      });

      it('ends with its process group in time, or when interrupted', async () => {
        const seen: string[] = [];
        const seenOfStopped: string[] = [];
        const controller = new AbortController();
        const script = 'echo $$; sleep 300 & echo $!; wait';
        const late = connection.stream(
          { script, timeoutMs: 2000 },
          {},
          {
            onOutput: (stream, text) => {
              if (stream === 'stdout') seen.push(text);
            },
          },
        );
        const onOutput = (stream: string, text: string): void => {
          if (stream === 'stdout') seenOfStopped.push(text);
          if (lines(seenOfStopped).length === 2) controller.abort();
        };
        const stopped = connection.stream({ script }, {}, { signal: controller.signal, onOutput });
        const results = await Promise.allSettled([late, stopped]);
        expect(results.map((result) => (result.status === 'rejected' ? codeOf(result.reason) : 'fulfilled'))).toEqual([
          'timed-out',
          'interrupted',
        ]);
        const pids = [...lines(seen), ...lines(seenOfStopped)].map(Number);
        expect(pids).toHaveLength(4);
        expect(pids.filter(isAlive)).toEqual([]);
      });
    });

    describeLock(() => subject);
  });
}

/** What a transport must say when its connection breaks, for those that have one. */
export function describeLostConnection(
  name: string,
  start: () => Promise<Subject & { readonly cut: () => void }>,
): void {
  describe(`${name}, when the connection is lost`, () => {
    let subject: Awaited<ReturnType<typeof start>>;
    let connection: Connection;
    beforeAll(async () => {
      subject = await start();
    });
    afterAll(async () => {
      await subject.stop();
    });
    beforeEach(async () => {
      connection = await subject.connect();
    });
    afterEach(async () => {
      await connection.close();
    });

    it('never reports a success', async () => {
      const running = connection.run({ script: 'echo started; sleep 1; exit 0' }, { onOutput: subject.cut });
      const queued = connection.run({ script: 'exit 0' });
      const results = await Promise.allSettled([running, queued]);
      expect(results.map((result) => (result.status === 'rejected' ? codeOf(result.reason) : 'fulfilled'))).toEqual([
        'connection-lost',
        'connection-lost',
      ]);
      expect(String(results[0].status === 'rejected' && results[0].reason)).toMatch(/its outcome is not known/);
      expect(await connection.closed).toMatchObject({ code: 'connection-lost' });
      await expect(connection.run({ script: 'echo no' })).rejects.toMatchObject({ code: 'connection-lost' });
      await expect(connection.stream({ script: 'echo no' }, {})).rejects.toMatchObject({ code: 'connection-lost' });
    });

    it('does so for a stream too', async () => {
      await expect(
        connection.stream({ script: 'echo started; sleep 1' }, {}, { onOutput: subject.cut }),
      ).rejects.toMatchObject({ code: 'connection-lost' });
    });

    it('lets the command that runs come to its end, and starts none that waits', async () => {
      const directory = mkdtempSync(join(tmpdir(), 'plimsoll-lost-'));
      const running = connection.run(
        { script: 'trap "" PIPE; echo started; sleep 0.5; echo first >"$1/first"', args: [directory] },
        { onOutput: subject.cut },
      );
      const queued = connection.run({ script: 'echo second >"$1/second"', args: [directory] });
      await Promise.allSettled([running, queued]);
      await expect.poll(() => readdirSync(directory)).toContain('first');
      await new Promise((resolve) => {
        setTimeout(resolve, 300);
      });
      expect(readdirSync(directory)).toEqual(['first']);
      rmSync(directory, { recursive: true });
    });

    it('leaves the lock to the command that runs, until that has ended', async () => {
      const { directory, state, remove } = temporaryPlaces();
      const holder = await subject.connect({ stateDirectory: state });
      await holder.lock(ada);
      const running = holder
        .run({ script: `echo started; ${untilGo}`, args: [directory] }, { onOutput: subject.cut })
        .catch(codeOf);
      expect(await running).toBe('connection-lost');
      const other = await subject.connect({ stateDirectory: state });
      expect(await other.lock(bob)).toEqual({ held: false, holder: ada });
      writeFileSync(join(directory, 'go'), '');
      await whenFree(other);
      expect(existsSync(join(directory, 'done'))).toBe(true);
      await other.close();
      remove();
    });

    it('rejects a request for the lock, and has nothing more to let go of', async () => {
      const { state, remove } = temporaryPlaces();
      const holder = await subject.connect({ stateDirectory: state });
      const asked = holder.lock(ada);
      subject.cut();
      await expect(asked).rejects.toMatchObject({ code: 'connection-lost' });
      await holder.unlock();
      remove();
    });
  });
}

/** The lines of what has arrived piece by piece. */
function lines(pieces: readonly string[]): string[] {
  return pieces.join('').trim().split('\n');
}

/** Alive and not only waiting to be collected by its parent. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${String(pid)}/stat`)) return false;
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${String(pid)}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

function codeOf(reason: unknown): unknown {
  return typeof reason === 'object' && reason !== null && 'code' in reason ? reason.code : reason;
}
