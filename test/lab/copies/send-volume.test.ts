// lab: 250 s, send_volume
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAccount, missingForAccounts } from '../../support/accounts.ts';
import { startSshd } from '../../support/sshd.ts';
import { swapper } from '../../support/swapper.ts';
import { TwoHosts } from '../two-hosts.ts';

const script = (name: string): string => new URL(`./torture/${name}`, import.meta.url).pathname;
const python = (name: string, ...args: readonly string[]): string => {
  const { status, stdout, stderr } = spawnSync('python3', [script(name), ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  return `${String(status)} ${stdout}${stderr}`.trim();
};

describe('send_volume between two real sshds', () => {
  let hosts: TwoHosts;
  beforeEach(async () => {
    hosts = await TwoHosts.start();
  });
  afterEach(() => hosts.stop());

  /** A tree whose copy takes some seconds at the rate that goes with it. */
  function arrangeSlow(bwlimit = '1500KiB'): string {
    for (const number of [1, 2, 3, 4, 5, 6])
      writeFileSync(join(hosts.from, `part-${String(number)}`), Buffer.alloc(2_000_000, number));
    return hosts.playbook({ bwlimit });
  }
  const onlyRun = (): string => readdirSync(join(hosts.base, 'laptop/state/plimsoll/runs'))[0] ?? '';
  /** As a power failure of the source: what runs there for the copy is gone without a word. */
  function endWork(): void {
    const runs = join(hosts.source.state, 'runs');
    const groups = readdirSync(join(runs, onlyRun())).flatMap((name) => {
      const directory = join(runs, onlyRun(), name);
      return existsSync(join(directory, 'status')) || !existsSync(join(directory, 'pid'))
        ? []
        : [Number(readFileSync(join(directory, 'pid'), 'utf8'))];
    });
    expect(groups).toHaveLength(1);
    for (const group of groups) process.kill(-group, 'SIGKILL');
  }
  const atWork = async (): Promise<void> => {
    await expect.poll(() => existsSync(join(hosts.to, 'part-1')), { interval: 50 }).toBe(true);
  };

  it('what arrives is the same in everything; key and line are gone; nothing is left to do', async () => {
    spawnSync('rm', ['-r', hosts.from]);
    expect(python('build.py', hosts.from, '500')).toBe('0');
    writeFileSync(hosts.destination.keysFile, 'ssh-ed25519 AAAA somebody else\n', { mode: 0o640 });
    const playbook = hosts.playbook({});
    const applied = await hosts.plimsoll('apply', playbook, '--yes');
    expect(applied.code, applied.printed).toBe(0);
    expect(python('compare.py', hosts.from, hosts.to)).toMatch(/^0 identical 8\d\d$/);
    expect([hosts.leftOver(), readFileSync(hosts.destination.keysFile, 'utf8')]).toEqual([
      ['ssh-ed25519 AAAA somebody else'],
      'ssh-ed25519 AAAA somebody else\n',
    ]);
    expect(spawnSync('stat', ['-c', '%a', hosts.destination.keysFile], { encoding: 'utf8' }).stdout).toBe('640\n');
    const again = await hosts.plimsoll('plan', playbook, '-v');
    expect(again.code, again.printed).toBe(0);
    expect(again.printed).toMatch(/is a complete copy/);
  });

  const attacker = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAttackerAttackerAttackerAttackerAttackerAt';
  it.each([
    // Whatever the source's script asks its own sed or rsync: a host that is not one's own any more answers as it likes.
    [
      'an address that would let everybody in',
      'sed',
      `case $2 in 's/.* src '*) echo 'address *" ${attacker} x' ;; *) exec /bin/sed "$@" ;; esac`,
      /the address that it reaches the other host from, .* is no IP address/,
    ],
    [
      'a server that takes its arguments from the source',
      'rsync',
      'case "$*" in *--rsh=/bin/sh\\ -c*|*"--rsh=/bin/sh -c"*) echo "rsync --server -slogDtpre.iLsfxCIvu . ./" >&2 ;; *) exec /usr/bin/rsync "$@" ;; esac',
      /rsync does not say as expected what it needs at its other end/,
    ],
  ])('a source that is not to be trusted gets nothing by %s', async (_what, program, text, reason) => {
    writeFileSync(join(hosts.from, 'data'), 'data\n');
    hosts.lie('a', program, text);
    const applied = await hosts.plimsoll('apply', hosts.playbook({}), '--yes');
    expect([applied.code, applied.printed]).toEqual([expect.any(Number), expect.stringMatching(reason)]);
    expect(applied.code).not.toBe(0);
    expect([hosts.leftOver(), readdirSync(hosts.to)]).toEqual([[], []]);
  });

  it("its key can do nothing but this copy, and only from the source's address", async () => {
    // All of the probes are to be made while it lasts.
    const run = hosts.begin('apply', arrangeSlow('200KiB'), '--yes');
    await atWork();
    const [line = ''] = hosts.keys();
    expect(line).toMatch(
      /^restrict,from="127\.0\.0\.\d+",expiry-time="\d{14}",command="\/bin\/sh \S+\/b-state\/receiving\/[0-9a-f]{16}\/gate \\"\$SSH_ORIGINAL_COMMAND\\"" ssh-ed25519 \S+ plimsoll-copy-[0-9a-f]{16}$/,
    );
    expect(hosts.keys()).toHaveLength(1);
    const refused = { status: 1, printed: expect.stringMatching(/this key is only for the copy of .* to /) as unknown };
    for (const command of [
      ['id'],
      [],
      ['rsync --server --sender -logDtpre.iLsfxCIvu . /etc/'],
      ['rsync --server -slogDtpre.iLsfxCIvu . ./'],
      ['rsync --server -lHogDtpAXrxSe.LsfxCIvu --delete --numeric-ids . /'],
      ['begin; id'],
      ['rsync --server . ./; id'],
      ['$(id)'],
    ]) {
      expect(hosts.withKey(...command), command.join(' ')).toEqual(refused);
    }
    const tunnel = hosts.withKey('-W', '127.0.0.1:22');
    expect(tunnel.status, tunnel.printed).not.toBe(0);
    const ended = await run.ended;
    expect(ended.code, ended.printed).toBe(0);
    expect(hosts.leftOver()).toEqual([]);
  });

  describe('where a container swaps directories for links meanwhile', () => {
    const canary = 'what only root may read';
    let outside = '';
    const state = (): string =>
      spawnSync(
        'sh',
        ['-c', 'cd "$1" && find . -printf "%p %m %U:%G %y %s %T@\\n" | sort && cat -- *', 'sh', outside],
        { encoding: 'utf8' },
      ).stdout;
    const leaked = (): string =>
      spawnSync(
        'grep',
        [
          '-rl',
          canary,
          '--',
          ...['to', 'to-away']
            .map((name) => join(hosts.base, name))
            .filter((path) => existsSync(path) && !lstatSync(path).isSymbolicLink()),
        ],
        { encoding: 'utf8' },
      ).stdout;
    beforeEach(() => {
      outside = join(hosts.base, 'outside');
      mkdirSync(outside);
      for (const name of ['shadow', 'file-0', 'part-1'])
        writeFileSync(join(outside, name), `${canary}: ${name}`, { mode: 0o600 });
    });

    it('below the source, nothing of the host is sent', async () => {
      const names = [0, 1, 2, 3].map((number) => join(hosts.from, `dir-${String(number)}`));
      for (const name of names) {
        mkdirSync(name);
        for (let number = 0; number < 50; number += 1)
          writeFileSync(join(name, `file-${String(number)}`), 'of the volume '.repeat(number + 1));
      }
      const attacker = swapper(names, outside);
      const before = state();
      for (let round = 0; round < 3; round += 1) {
        const ended = await hosts.plimsoll('apply', hosts.playbook({ delete: true }), '--yes');
        expect(ended.printed).toMatch(/\w/);
        expect([leaked(), state(), hosts.keys()]).toEqual(['', before, []]);
      }
      attacker.kill('SIGKILL');
    });

    it.each(['from', 'to'] as const)(
      'in the place of %s itself, once it is planned, the step fails, and nothing is sent or written there',
      async (side) => {
        const playbook = arrangeSlow();
        const before = state();
        const run = hosts.begin('apply', playbook, '--yes');
        // The key is made when the plan has been made, and the pass is the second thing after it.
        await expect.poll(() => existsSync(join(hosts.source.state, 'sending')), { interval: 2 }).toBe(true);
        const path = hosts[side];
        renameSync(path, join(hosts.base, `${side}-away`));
        symlinkSync(outside, path);
        const ended = await run.ended;
        expect([leaked(), state(), hosts.keys()]).toEqual(['', before, []]);
        expect(ended.printed).toMatch(
          new RegExp(`/${side} is another directory now than the one that was planned for`),
        );
        expect(ended.code).toBe(1);
      },
    );
  });

  it('goes on when plimsoll is killed, takes its access away by itself, and resume finds it complete', async () => {
    const run = hosts.begin('apply', arrangeSlow(), '--yes');
    await atWork();
    run.kill();
    await run.ended;
    await expect.poll(() => hosts.leftOver(), { interval: 200 }).toEqual([]);
    const resumed = await hosts.plimsoll('resume', '--yes');
    expect(resumed.code, resumed.printed).toBe(0);
    expect(python('compare.py', hosts.from, hosts.to)).toBe('0 identical 7');
    expect(hosts.leftOver()).toEqual([]);
  });

  it('is cut at the source with plimsoll; resume goes on with it; a rollback empties the destination', async () => {
    const run = hosts.begin('apply', arrangeSlow(), '--yes');
    await atWork();
    run.kill();
    await run.ended;
    endWork();
    expect(hosts.keys()).toHaveLength(1);
    const resumed = await hosts.plimsoll('resume', '--yes');
    expect(resumed.code, resumed.printed).toBe(0);
    expect(resumed.printed).toMatch(/go on with the copy of/);
    expect(python('compare.py', hosts.from, hosts.to)).toBe('0 identical 7');
    expect(hosts.leftOver()).toEqual([]);
    const undone = await hosts.plimsoll('rollback', onlyRun(), '--yes');
    expect(undone.code, undone.printed).toBe(0);
    expect([readdirSync(hosts.to), hosts.leftOver()]).toEqual([[], []]);
  });

  it('is cut at the source with plimsoll, and rolled back: nothing is let in, nothing is left', async () => {
    const run = hosts.begin('apply', arrangeSlow(), '--yes');
    await atWork();
    run.kill();
    await run.ended;
    endWork();
    const undone = await hosts.plimsoll('rollback', onlyRun(), '--yes');
    expect(undone.code, undone.printed).toBe(0);
    expect([readdirSync(hosts.to), hosts.leftOver()]).toEqual([[], []]);
  });

  it('leaves what somebody has written to the destination of a copy that was cut', async () => {
    const playbook = arrangeSlow();
    const run = hosts.begin('apply', playbook, '--yes');
    await atWork();
    run.kill();
    await run.ended;
    endWork();
    await expect.poll(() => hosts.withKey('begin').status).toBe(0);
    writeFileSync(join(hosts.to, 'theirs'), 'theirs');
    const resumed = await hosts.plimsoll('resume', '--yes');
    expect(resumed.code, resumed.printed).toBe(1);
    expect(resumed.printed).toMatch(/holds something that is not in .*: theirs/);
    const undone = await hosts.plimsoll('rollback', onlyRun(), '--yes');
    expect(undone.code, undone.printed).toBe(1);
    expect(readFileSync(join(hosts.to, 'theirs'), 'utf8')).toBe('theirs');
    expect(hosts.keys()).toEqual([]);
  });

  it('does not send to a host with another key than plimsoll has verified', async () => {
    const other = await startSshd({
      listen: [hosts.destination.sshd.address],
      config: [`AuthorizedKeysFile ${hosts.destination.keysFile}`],
    });
    try {
      writeFileSync(join(hosts.from, 'secret'), 'secret');
      const applied = await hosts.plimsoll(
        'apply',
        hosts.playbook({ to: { host: 'b', path: hosts.to, port: other.port } }),
        '--yes',
      );
      expect(applied.code, applied.printed).toBe(1);
      expect(applied.printed).toMatch(
        /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* has changed/i,
      );
      expect([readdirSync(hosts.to), hosts.leftOver()]).toEqual([[], []]);
    } finally {
      await other.stop();
    }
  });

  it('is not let in from another address, says so, and takes the line away', async () => {
    writeFileSync(join(hosts.from, 'one'), 'one');
    const applied = await hosts.plimsoll('apply', hosts.playbook({ source_address: '192.0.2.1' }), '--yes');
    expect(applied.code, applied.printed).toBe(1);
    expect(applied.printed).toMatch(/Permission denied/);
    expect([readdirSync(hosts.to), hosts.leftOver()]).toEqual([[], []]);
  });

  it('refuses what is not empty, and replaces it when that is said; a second run brings a changed source over', async () => {
    writeFileSync(join(hosts.from, 'one'), 'one');
    writeFileSync(join(hosts.to, 'old'), 'old');
    const refused = await hosts.plimsoll('apply', hosts.playbook({}), '--yes');
    expect(refused.code, refused.printed).not.toBe(0);
    expect(refused.printed).toMatch(/on b: .* is not empty, and what is there is no copy of/);
    const replaced = await hosts.plimsoll('apply', hosts.playbook({ delete: true }), '--yes');
    expect(replaced.code, replaced.printed).toBe(0);
    expect(python('compare.py', hosts.from, hosts.to)).toBe('0 identical 2');
    appendFileSync(join(hosts.from, 'one'), ', two');
    const changed = await hosts.plimsoll('apply', hosts.playbook({}), '--yes');
    expect(changed.code, changed.printed).toBe(0);
    expect(changed.printed).toMatch(/bring the copy up to date/);
    expect(readFileSync(join(hosts.to, 'one'), 'utf8')).toBe('one, two');
    expect(hosts.leftOver()).toEqual([]);
  });
});

describe.skipIf(missingForAccounts() !== undefined)(
  'send_volume to a host where plimsoll logs in as a user who may use sudo',
  () => {
    it('lets the source in as that user, and leaves the home directory as it was', async () => {
      const account = createAccount({ sudoers: 'ALL=(ALL) NOPASSWD: ALL', defaults: 'Defaults:NAME !secure_path' });
      const hosts = await TwoHosts.start(account.name);
      try {
        writeFileSync(join(hosts.from, 'one'), 'one', { mode: 0o600 });
        spawnSync('chown', ['1234:4321', join(hosts.from, 'one')]);
        const applied = await hosts.plimsoll('apply', hosts.playbook({}), '--yes');
        expect(applied.code, applied.printed).toBe(0);
        expect(applied.printed).toContain(`lets 127.0.0.1 in`);
        expect(python('compare.py', hosts.from, hosts.to)).toBe('0 identical 2');
        expect([hosts.leftOver(), existsSync(`/home/${account.name}/.ssh`)]).toEqual([[], false]);
      } finally {
        await hosts.stop();
        account.remove();
      }
    });
  },
);
