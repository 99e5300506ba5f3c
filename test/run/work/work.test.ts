import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Look } from '../../../src/run/work/work.ts';
import { endWork, fromStart, lookAtWork, readLook, readOutput, startWork } from '../../../src/run/work/work.ts';
import { shell as scriptOf } from '../../../src/shell/shell.ts';
import { redactOutcome } from '../../../src/transport/redaction/redact-outcome.ts';
import { Redaction } from '../../../src/transport/redaction/redaction.ts';
import type { Command, Outcome } from '../../../src/transport/transport.ts';
import { Secret } from '../../../src/values/secret.ts';
import { eventually } from '../../support/eventually.ts';
import { shells } from '../shells.ts';
import { statusOf } from './records.ts';

const work = { run: 'run-1', name: '0-1.1-0-0-1' };
const environment = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' };

/** A host of its own for each test: a state directory, and a shell that runs what is sent. */
class Host {
  readonly state = mkdtempSync(join(tmpdir(), "plimsoll it's work-"));
  readonly directory = join(this.state, 'runs', work.run);
  readonly #shell: readonly [string, ...string[]];

  constructor(shell: readonly [string, ...string[]]) {
    this.#shell = shell;
    writeFileSync(join(this.state, 'lock'), '');
  }

  /**
   * `locked`: the shell that runs it has the host's lock, as the privileged shell has. Once `onceIt` holds, it has waited
   * long enough.
   */
  async run(command: Command, locked = false, onceIt?: () => boolean): Promise<Outcome> {
    const { script, args = [], stdin } = command;
    const [file, ...options] = this.#shell;
    const hostsShell = (text: string): string => text.replaceAll('/bin/sh', this.#shell.join(' '));
    const lock = locked ? 'exec 9>>"$PLIMSOLL_STATE/lock"; flock -n 9 || exit 90\n' : '';
    const child = spawn(
      file,
      [...options, '-c', `umask 077\n${lock}${hostsShell(script)}`, 'sh', ...args.map(hostsShell)],
      { env: { ...environment, PLIMSOLL_STATE: this.state }, stdio: ['pipe', 'pipe', 'pipe'] },
    );
    child.stdin.on('error', () => undefined).end(stdin);
    const enough = setInterval(() => {
      if (onceIt?.() === true) child.kill('SIGUSR1');
    }, 50);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    const status = await new Promise<number>((resolve, reject) =>
      child.once('error', reject).once('close', (code) => {
        resolve(code ?? -1);
      }),
    );
    clearInterval(enough);
    const [stdout, stderr] = [Buffer.concat(out), Buffer.concat(err)];
    return redactOutcome(new Redaction([]), 'web-1', command, {
      status,
      stdout: stdout.toString(),
      stderr: stderr.toString(),
      droppedBytes: 0,
      bytes: { stdout: stdout.length, stderr: stderr.length },
    });
  }

  async start(script: string, locked = false): Promise<Look> {
    return readLook(await this.run(startWork(work, '{"what":"it\'s"}', script), locked), fromStart);
  }

  /** The same for what will not end soon: its end is not waited for. */
  async begin(script: string, locked = false): Promise<Look> {
    const isBegun = (): boolean => this.has('begun');
    return readLook(await this.run(startWork(work, '{}', script), locked, isBegun), fromStart);
  }

  async look(from = fromStart): Promise<Look> {
    return readLook(await this.run(lookAtWork(work, from)), from);
  }

  /** The first look that shows something. */
  async lookFor(out: string): Promise<Look> {
    let look = await this.look();
    while (look.out === '') look = await this.look();
    expect(look.out).toBe(out);
    return look;
  }

  /** Looks until it has ended, as the laptop does. */
  async follow(first: Look): Promise<Look> {
    let [out, err] = [first.out, first.err];
    let look = first;
    while (look.state.kind === 'running' || look.more) {
      look = await this.look(look.offsets);
      out += look.out;
      err += look.err;
    }
    return { ...look, out, err };
  }

  file(name: string): string {
    return join(this.directory, `${work.name}.${name}`);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  go(name = 'go'): void {
    writeFileSync(join(this.state, name), '');
  }

  has(name: string): boolean {
    return existsSync(join(this.state, name));
  }

  /** Whether somebody has the host's lock. */
  async isLocked(): Promise<boolean> {
    return (await this.run({ script: 'flock -n "$PLIMSOLL_STATE/lock" true' })).status !== 0;
  }

  /** The process group of the work. */
  group(): number {
    return statusOf(this.state, work.run, work.name)[0];
  }
}

const hosts: Host[] = [];
afterAll(() => {
  for (const { state } of hosts) rmSync(state, { recursive: true, force: true });
});

function hostWith(shell: readonly [string, ...string[]] = ['/bin/sh']): Host {
  const host = new Host(shell);
  hosts.push(host);
  return host;
}

const begun = ': >"$PLIMSOLL_STATE/begun"';
/** Waits until a file `go` is there. */
const untilGo = `${begun}; while [ ! -e "$PLIMSOLL_STATE/go" ]; do sleep 0.05; done`;

for (const { name, argv, tags } of shells)
  describe.concurrent(`work on ${name}`, { tags }, () => {
    it('is begun, ends, and leaves what it was, what it printed, and how it ended', async () => {
      const host = hostWith(argv);
      expect(await host.look()).toMatchObject({ state: { kind: 'none' }, out: '', err: '', more: false });
      const look = await host.start('echo out; echo err >&2; exit 7', true);
      expect(look).toEqual({
        state: { kind: 'ended', status: 7 },
        out: 'out\n',
        err: 'err\n',
        offsets: { out: 4, err: 4 },
        more: false,
      });
      expect(await host.look()).toEqual(look);
      expect({
        script: host.read('script'),
        out: host.read('out'),
        err: host.read('err'),
      }).toEqual({
        script: '# {"what":"it\'s"}\necho out; echo err >&2; exit 7\n',
        out: 'out\n',
        err: 'err\n',
      });
      expect(await host.run(readOutput(work))).toMatchObject({ status: 0, stdout: 'out\n', stderr: 'err\n' });
      expect(
        readdirSync(host.directory)
          .filter((name) => !name.startsWith('.'))
          .toSorted(),
      ).toEqual(['err', 'out', 'script', 'status'].map((file) => `${work.name}.${file}`));
      expect(statSync(host.directory).mode & 0o777).toBe(0o700);
      await eventually(async () => {
        expect(await host.isLocked()).toBe(false);
      });
    });

    it('goes on when whoever has begun it is gone, keeps the lock meanwhile, and is followed from where it was left', async () => {
      const host = hostWith(argv);
      await host.begin(`echo one; ${untilGo}; echo two`, true);
      const first = await host.lookFor('one\n');
      expect(first).toMatchObject({ state: { kind: 'running' } });
      expect(await host.isLocked()).toBe(true);
      host.go();
      expect(await host.follow(first)).toMatchObject({ state: { kind: 'ended', status: 0 }, out: 'one\ntwo\n' });
      await eventually(async () => {
        expect(await host.isLocked()).toBe(false);
      });
    });

    it('is begun once, however often and at the same time it is asked for', async () => {
      const host = hostWith(argv);
      const script = 'echo x >>"$PLIMSOLL_STATE/count"; sleep 0.3';
      // Whoever begins it has the host's lock; the others send nothing.
      const looks = await Promise.allSettled(Array.from({ length: 6 }, () => host.start(script, true)));
      const answered = looks.flatMap((look) => (look.status === 'fulfilled' ? [look.value.state] : []));
      expect(answered.length).toBeGreaterThan(0);
      expect(answered).toEqual(answered.map(() => ({ kind: 'ended', status: 0 })));
      expect(await host.start(script)).toMatchObject({ state: { kind: 'ended', status: 0 } });
      expect(readFileSync(join(host.state, 'count'), 'utf8')).toBe('x\n');
    });

    it('that somebody has killed, or a restart of the host, is cut', async () => {
      const host = hostWith(argv);
      await host.begin(`echo begun; ${untilGo}`);
      const look = await host.lookFor('begun\n');
      process.kill(-host.group(), 'SIGKILL');
      await eventually(async () => {
        expect((await host.look()).state).toEqual({ kind: 'cut' });
      });
      expect(await host.look(look.offsets)).toMatchObject({ state: { kind: 'cut' }, out: '' });
      expect(await host.look()).toMatchObject({ out: 'begun\n' });
      // It is not begun again under the same name.
      expect(await host.start('exit 0')).toMatchObject({ state: { kind: 'cut' } });
    });

    it('that is gone is cut, although something that it has started still runs', async () => {
      const host = hostWith(argv);
      const look = await host.start('sleep 60 >/dev/null 2>&1 & kill -KILL $PPID');
      expect(look.state).toEqual({ kind: 'cut' });
      process.kill(-host.group(), 'SIGKILL');
    });

    it('says how it has ended when it is told to end', async () => {
      const host = hostWith(argv);
      const first = await host.begin(`echo begun; ${begun}; exec sleep 60`);
      expect(await host.run(endWork(work, true))).toMatchObject({ status: 0, stdout: 'told\n' });
      expect(await host.follow(first)).toMatchObject({ state: { kind: 'ended', status: 143 }, out: 'begun\n' });
      expect(await host.run(endWork(work, true))).toMatchObject({ status: 0, stdout: '' });
    });

    it('that does not listen is ended all the same, where it may be', async () => {
      const host = hostWith(argv);
      await host.begin(`trap '' TERM; ${begun}; while :; do sleep 0.1; done`);
      expect(await host.run(endWork(work, true))).toMatchObject({ stdout: 'told\n' });
      expect(await host.look()).toMatchObject({ state: { kind: 'cut' } });
    });

    it('whose script outlives the signal cleans up, and says so', async () => {
      const host = hostWith(argv);
      // What is to be ended says itself that it runs: the signal would be lost between two programs of the script.
      const first = await host.begin(
        `trap : TERM; /bin/sh -c '${begun}; exec sleep 60'; echo "$?"; sleep 0.2; echo cleaned`,
      );
      expect(await host.run(endWork(work, false))).toMatchObject({ stdout: 'told\n' });
      const { state, out } = await host.follow(first);
      expect({ state, out }).toEqual({ state: { kind: 'ended', status: 0 }, out: '143\ncleaned\n' });
    });

    it('that was never begun has nothing to be ended', async () => {
      const host = hostWith(argv);
      expect(await host.run(endWork(work, true))).toMatchObject({ status: 0, stdout: '' });
    });

    it('leaves a daemon behind that keeps neither the lock nor the status', async () => {
      const host = hostWith(argv);
      // As compile.ts runs programs: without the lock.
      const look = await host.start(
        `( /bin/sh -c '${untilGo}; : >"$PLIMSOLL_STATE/daemon"' >/dev/null 2>&1 & ) 9>&-; echo left`,
        true,
      );
      expect(look).toMatchObject({ state: { kind: 'ended', status: 0 }, out: 'left\n' });
      await eventually(async () => {
        expect(await host.isLocked()).toBe(false);
      });
      expect(host.has('daemon')).toBe(false);
      host.go();
      await eventually(() => {
        expect(host.has('daemon')).toBe(true);
      });
    });

    it('says how far it is, by what its processes have written and read, as long as what it has noted goes on', async () => {
      const host = hostWith(argv);
      // Whoever notes it becomes what works, and what works has others work.
      const working = (measure: string, until: string): string =>
        `measure="${measure}"; ( noted; head -c 300000 /dev/zero | { cat >/dev/null; : >"$PLIMSOLL_STATE/${until}-begun"; while [ ! -e "$PLIMSOLL_STATE/${until}" ]; do sleep 0.05; done; } )`;
      const look = await host.begin(
        [
          scriptOf('facts/copies/noted.sh'),
          'amount 500000 400000',
          begun,
          working('written copied rest', 'a'),
          working('read compared twice', 'b'),
          'amount 1000 1000',
          working('read archived once', 'c'),
          `while [ ! -e "$PLIMSOLL_STATE/go" ]; do sleep 0.05; done`,
        ].join('\n'),
      );
      expect(look.state).toEqual({ kind: 'running' });
      await eventually(() => {
        expect(host.has('a-begun')).toBe(true);
      });
      const copied = (await host.look()).measured;
      expect(copied).toMatchObject({ what: 'copied', total: 400_000 });
      expect(copied?.bytes).toBeGreaterThanOrEqual(300_000);
      host.go('a');
      await eventually(() => {
        expect(host.has('b-begun')).toBe(true);
      });
      const compared = (await host.look()).measured;
      expect(compared).toMatchObject({ what: 'compared', total: 1_000_000 });
      expect(compared?.bytes).toBeGreaterThanOrEqual(600_000);
      host.go('b');
      await eventually(() => {
        expect(host.has('c-begun')).toBe(true);
      });
      expect((await host.look()).measured).toEqual({ what: 'archived', bytes: 1000, total: 1000 });
      host.go('c');
      await eventually(async () => {
        expect((await host.look()).measured).toBeUndefined();
      });
      host.go();
      expect((await host.follow(await host.look())).state).toEqual({ kind: 'ended', status: 0 });
    });

    it('shows nothing of how far it is that is no number, or of no process that it has noted', async () => {
      const host = hostWith(argv);
      await host.begin(untilGo);
      for (const [doing, bytes] of [
        ['$self written copied once', '10 $(id)'],
        ['$self written copied once', '-1 7'],
        ['$self written copied rest', '10 -7'],
        ['$self written \x1b[2J once', '10 7'],
        ['$self written somehow once', '10 7'],
        ['$self written aaaaaaaaaaaaaaaaaaaaaaaaa once', '10 7'],
        ['$self read compared twice', '9223372036854775807 7'],
        ['$self read compared twice', '09 7'],
        ['$self written copied rest', '10 99999999999999999999999'],
        ['$self scribbled copied once', '10 7'],
        ['1 2 3 written copied once', '10 7'],
        ['x', 'x'],
      ] as const) {
        const self = /^ *\d+ +(\d+ +\d+ +\S+)/.exec(host.read('status'))?.[1]?.replaceAll(/ +/g, ' ') ?? '';
        writeFileSync(host.file('doing'), `${doing.replace('$self', self)}\n`);
        writeFileSync(host.file('bytes'), `${bytes}\n`);
        expect(await host.look()).toMatchObject({ state: { kind: 'running' }, err: '' });
        expect((await host.look()).measured, doing).toEqual(
          doing.startsWith('$self written copied once') && bytes.startsWith('10 ')
            ? expect.objectContaining({ total: 10 })
            : undefined,
        );
      }
      host.go();
      await host.follow(await host.look());
    });

    it('prints no more than 8 MiB to the disk, goes on, and ends well; each look carries a part of it', async () => {
      const host = hostWith(argv);
      const first = await host.start('yes 0123456789abcde | head -c 9437184; echo small >&2; exit 3');
      const { state, out, err } = await host.follow(first);
      expect({ state, err, bytes: out.length, disk: statSync(host.file('out')).size }).toEqual({
        state: { kind: 'ended', status: 3 },
        err: 'small\n',
        bytes: 8 * 1024 * 1024,
        disk: 8 * 1024 * 1024,
      });
      expect(out).toBe('0123456789abcde\n'.repeat(8 * 1024 * 64));
    });

    it('prints every character once and whole, wherever looks end', async () => {
      const host = hostWith(argv);
      const line = 'größer € 💾 ';
      const script = `i=0; while [ "$i" -lt 3000 ]; do printf '%s%s\\n' '${line.repeat(9)}' "$i"; i=$((i+1)); done; printf '%s' '${line}'`;
      const first = await host.start(script);
      expect((await host.follow(first)).out).toBe(
        `${Array.from({ length: 3000 }, (_, index) => `${line.repeat(9)}${String(index)}\n`).join('')}${line}`,
      );
    });

    it('shows a line once it is whole', async () => {
      const host = hostWith(argv);
      await host.begin(`printf 'whole\\nhalf of \\303'; ${untilGo}; printf '\\251\\n'`);
      const first = await host.lookFor('whole\n');
      expect(first).toMatchObject({ state: { kind: 'running' }, offsets: { out: 6 }, more: false });
      expect(await host.look(first.offsets)).toMatchObject({ out: '', offsets: { out: 6 }, more: false });
      host.go();
      expect((await host.follow(first)).out).toBe('whole\nhalf of é\n');
    });

    it('is not begun where it cannot be recorded', async () => {
      const host = hostWith(argv);
      mkdirSync(host.directory, { recursive: true });
      symlinkSync('/dev/full', host.file('script'));
      const answer = await host.run(startWork(work, '{}', 'echo x >"$PLIMSOLL_STATE/done"'));
      expect(() => readLook(answer, fromStart)).toThrow(
        expect.objectContaining({
          code: 'refused',
          message: expect.stringContaining('cannot be recorded on the host'),
        }),
      );
      expect({ begun: (await host.look()).state.kind, done: host.has('done') }).toEqual({ begun: 'none', done: false });
      // Once there is room it is.
      rmSync(host.file('script'));
      expect(await host.start('echo x >"$PLIMSOLL_STATE/done"')).toMatchObject({ state: { kind: 'ended', status: 0 } });
    });

    it('whose records have been removed is not taken for work that has never arrived', async () => {
      const host = hostWith(argv);
      rmSync(join(host.state, 'lock'));
      expect(await host.look()).toMatchObject({ state: { kind: 'cut' } });
    });
  });

it('a daemon that keeps the output open keeps neither the status nor the lock, nor is its output waited for', async () => {
  const host = hostWith();
  const first = await host.begin(`( /bin/sh -c '${untilGo}; echo late' & ) 9>&-; echo left`, true);
  expect(await host.follow(first)).toMatchObject({ state: { kind: 'ended', status: 0 }, out: 'left\n' });
  await eventually(async () => {
    expect(await host.isLocked()).toBe(false);
  });
  host.go();
});

describe('what a look says', () => {
  const answer = (stdout: string, stderr = '', status = 0): Outcome =>
    redactOutcome(new Redaction([]), 'web-1', lookAtWork(work, fromStart), { status, stdout, stderr, droppedBytes: 0 });

  it.each([
    ['', ''],
    ['bash: warning: setlocale\nrunning 0 0 0 0 0\n', ''],
    ['ended  0 0 0 0\n', ''],
    ['', 'sh: flock: not found'],
  ])('%j %j is no answer', (stdout, stderr) => {
    expect(() => readLook(answer(stdout, stderr), fromStart)).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });

  it('a command that failed is no answer, whatever it printed', () => {
    expect(() => readLook(answer('ended 0 0 0 0 0\n', '', 1), fromStart)).toThrow(
      expect.objectContaining({ code: 'fact-unreadable' }),
    );
  });

  it('a progress that is written over itself is shown at every step', () => {
    expect(readLook(answer('running 0 9 0 9 0\n10 %\r20 %'), { out: 100, err: 0 })).toMatchObject({
      out: '10 %\r',
      offsets: { out: 105, err: 0 },
    });
  });

  it.each([
    ['a line without end is passed on as it is', 'x'.repeat(5000), { out: 'x'.repeat(5000), offsets: { out: 5000 } }],
    ['what is no text is counted from its end', 'a\uFFFD\nb', { out: 'a\uFFFD\n', offsets: { out: 4999 } }],
    [
      'what is no text at both ends is passed on as it is',
      'a\uFFFD\nb\uFFFD',
      { out: 'a\uFFFD\nb\uFFFD', offsets: { out: 5000 } },
    ],
  ])('%s', (_what, out, look) => {
    expect(readLook(answer(`running 0 5000 0 9999 0\n${out}`), fromStart)).toMatchObject({ ...look, more: true });
  });

  it('a secret is never cut in two: what may be the beginning of one is asked for again', () => {
    const redaction = new Redaction([new Secret('hunter2')]);
    const look = (out: string) =>
      readLook(
        redactOutcome(redaction, 'web-1', lookAtWork(work, fromStart), {
          status: 0,
          stdout: `running 0 ${String(out.length)} 0 ${String(out.length)} 0\n${out}`,
          stderr: '',
          droppedBytes: 0,
        }),
        { out: 10, err: 0 },
      );
    expect(look(`hunter2${'x'.repeat(5000)}hunt`)).toMatchObject({
      out: `***${'x'.repeat(5000)}`,
      offsets: { out: 5017 },
    });
    expect(look('a hunter2\nb')).toMatchObject({ out: 'a ***\n', offsets: { out: 20 } });
  });

  it('words of the host among what the work has printed lose nothing of it', () => {
    expect(readLook(answer('running 0 0 4 0 9\n', 'err\nsh: warning: something\n'), fromStart).offsets.err).toBe(4);
  });
});
