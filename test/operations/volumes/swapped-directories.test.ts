import type { ChildProcess } from 'node:child_process';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask } from '../../../src/facts/fact.ts';
import { copyTools } from '../../../src/facts/copies/directory-copy.ts';
import { volumeCopySchema } from '../../../src/operations/copies/copy-survey.ts';
import type { Change } from '../../../src/operations/engine/change.ts';
import type { CopyMethod } from '../../../src/operations/copies/copy-method.ts';
import type { Directory } from '../../../src/operations/copies/copy-start.ts';
import { makeArchive } from '../../../src/operations/backups/archive-script.ts';
import { finalPass, livePass } from '../../../src/operations/copies/copy-passes.ts';
import { copyVolume } from '../../../src/operations/copies/copy-volume.ts';
import type { Printed } from '../../../src/facts/fact.ts';
import { swapper } from '../../support/swapper.ts';
import { asEntered, runScript } from '../../facts/real-shell.ts';
import { CopyHost } from '../copy-host.ts';
import { methods } from '../copy-methods.ts';
import { Answers } from '../known.ts';
import { applyHere, knowHere, stateIn } from '../on-this-machine.ts';
import { planLawfully } from '../plan-lawfully.ts';
import { crossed } from '../../support/crossed.ts';

const canary = 'what only root may read';

/** A directory of the host that a container has no business with, and how it is. */
class Outside {
  readonly path: string;
  constructor(base: string, name: string) {
    this.path = join(base, name);
    mkdirSync(this.path, { mode: 0o751 });
    for (const each of ['file-0', 'file-1', 'shadow'])
      writeFileSync(join(this.path, each), `${canary}: ${each}`, { mode: 0o640 });
  }

  /** Names, modes, owners and content. */
  state(): string {
    return spawnSync(
      'sh',
      ['-c', 'cd "$1" && find . -printf "%p %m %U:%G %y %s %T@\\n" | sort && cat -- *', 'sh', this.path],
      { encoding: 'utf8' },
    ).stdout;
  }
}

describe('a directory that is another one when it comes to be copied', () => {
  let host: CopyHost;
  let from = '';
  let to = '';
  let outside: Outside;
  beforeEach(() => {
    host = new CopyHost();
    [from, to] = [join(host.from, 'export'), join(host.to, 'import')];
    for (const path of [from, to]) mkdirSync(path);
    writeFileSync(join(from, 'file-0'), 'of the volume');
    outside = new Outside(host.base, 'etc');
  });
  afterEach(() => {
    host.remove();
  });

  /** As a container does it that may write to the directory above. */
  const swap = (path: string): void => {
    renameSync(path, `${path}-away`);
    symlinkSync(outside.path, path);
  };
  const replaced =
    /import is another directory now than the one that was planned for|export is another directory now than the one that was planned for/;

  function copyVolumeChanges(more: object = {}): readonly Change[] {
    const want = copyVolume.schema.parse({ from: { path: from }, to: { path: to }, ...more });
    const planned = planLawfully(copyVolume, want, knowHere(copyVolume, want, host.lead, host.answers()));
    if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
    return planned.changes;
  }
  function volumeCopyChanges(tools: typeof host.tools, more: object = {}): readonly Change[] {
    const want = volumeCopySchema.parse({ from, to, ...more });
    const planned = planLawfully(
      copyVolume,
      want,
      knowHere(copyVolume, want, host.lead, new Answers().set(ask(copyTools), tools)),
    );
    if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
    return planned.changes;
  }
  const apply = (changes: readonly Change[]) => () => {
    for (const { actions } of changes) applyHere(actions, host.lead);
  };
  const undo = (changes: readonly Change[]) => () => {
    for (const { undo: actions } of [...changes].reverse())
      if (actions !== 'irreversible') applyHere(actions, host.lead);
  };

  for (const [name, tools, need] of methods) {
    for (const side of ['from', 'to'] as const) {
      const swapped = (): string => (side === 'from' ? from : to);
      const untouched = (before: string): void => {
        expect(outside.state()).toBe(before);
        expect(readdirSync(side === 'to' ? `${to}-away` : to)).toEqual([]);
      };
      it(`is not copied ${side} by ${name} (copy_volume)`, { tags: [need, 'root'] }, () => {
        const changes = copyVolumeChanges({ method: name });
        const before = outside.state();
        swap(swapped());
        expect(apply(changes)).toThrow(replaced);
        untouched(before);
      });
      it(`is not copied ${side} by ${name} (volume_copy)`, { tags: [need, 'root'] }, () => {
        const changes = volumeCopyChanges(tools);
        const before = outside.state();
        swap(swapped());
        expect(apply(changes)).toThrow(replaced);
        untouched(before);
      });
    }
    it(`is not emptied by ${name} when the copy is taken back`, { tags: [need, 'root'] }, () => {
      for (const changes of [copyVolumeChanges({ method: name }), volumeCopyChanges(tools)]) {
        apply(changes)();
        const before = outside.state();
        swap(to);
        expect(undo(changes)).toThrow(replaced);
        expect(outside.state()).toBe(before);
        expect(readdirSync(`${to}-away`)).toEqual(['file-0']);
        rmSync(to);
        renameSync(`${to}-away`, to);
        undo(changes)();
        expect(readdirSync(to)).toEqual([]);
      }
    });
  }

  it(
    'is not copied in the pass that is made while containers run, nor emptied of what may be replaced',
    { tags: ['lab:rsync', 'root'] },
    () => {
      host.container('app', from);
      writeFileSync(join(to, 'else'), 'something else');
      for (const path of [from, to]) {
        const changes = copyVolumeChanges({ stop: true, delete: true });
        expect(changes).toHaveLength(2);
        const before = outside.state();
        swap(path);
        expect(apply(changes.slice(0, 1))).toThrow(replaced);
        expect(outside.state()).toBe(before);
        rmSync(path);
        renameSync(`${path}-away`, path);
        expect(readdirSync(to)).toEqual(['else']);
      }
    },
  );
});

describe('a container that swaps directories for links all the time', { tags: ['root', 'lab:mount'] }, () => {
  let base = '';
  let outside: Outside;
  let attackers: ChildProcess[] = [];
  const at = (name: string): string => join(base, name);
  const names = ['dir-0', 'dir-1', 'dir-2', 'dir-3'];

  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'plimsoll-swap-'));
    outside = new Outside(base, 'etc');
    for (const side of ['from', 'to']) {
      for (const name of names) {
        mkdirSync(join(at(side), name), { recursive: true });
        if (side === 'from')
          for (let number = 0; number < 60; number += 1)
            writeFileSync(join(at(side), name, `file-${String(number)}`), `of the volume ${'x'.repeat(number)}`);
      }
      writeFileSync(join(at(side), 'dir-0', 'shadow'), 'of the volume');
    }
  });
  afterEach(async () => {
    await stop();
    rmSync(base, { recursive: true, force: true });
  });
  async function stop(): Promise<void> {
    await Promise.all(
      attackers.map(
        (each) =>
          new Promise((resolve) => {
            each.on('exit', resolve);
            each.kill('SIGKILL');
          }),
      ),
    );
    attackers = [];
  }
  const attack = (side: 'from' | 'to'): void => {
    attackers.push(
      swapper(
        names.map((name) => join(at(side), name)),
        outside.path,
      ),
    );
  };
  const environment = (): Record<string, string> => ({ PLIMSOLL_STATE: at('state') });

  /** Neither that it says nothing when it fails, nor anything of the host where it should not be. */
  function expectHarmless({ status, stderr }: Printed, before: string): void {
    if (status !== 0) expect(stderr).toMatch(/\w/);
    expect(outside.state()).toBe(before);
    const leaked = spawnSync('grep', ['-rl', canary, at('to')], { encoding: 'utf8' }).stdout;
    expect(leaked).toBe('');
  }

  const kinds: readonly (readonly [CopyMethod, 'lab:rsync' | 'cp' | 'tar'])[] = [
    [{ kind: 'rsync', nanoseconds: true }, 'lab:rsync'],
    [{ kind: 'cp' }, 'cp'],
    [{ kind: 'tar' }, 'tar'],
  ];
  for (const [method, need] of kinds) {
    for (const side of ['from', 'to'] as const) {
      it(
        `in ${side === 'from' ? 'the source' : 'the destination'} of a copy by ${method.kind} gets nothing of the host, and has nothing written there`,
        { tags: [need] },
        () => {
          const before = outside.state();
          attack(side);
          for (let round = 0; round < 4; round += 1) {
            rmSync(at('state'), { recursive: true, force: true });
            for (const action of livePass(method, asEntered(at('from')), asEntered(at('to')), { replaces: true })) {
              if (action.kind === 'exec')
                expectHarmless(runScript(action.stdin ?? '', action.argv.slice(3), environment()), before);
            }
            expectHarmless(
              runScript(
                `pass() {\n${finalPass(method, asEntered(at('from')), asEntered(at('to')), { replaces: true })}\n}\npass`,
                [],
                environment(),
              ),
              before,
            );
          }
        },
      );
    }
  }

  it('gets nothing either where util-linux has no pivot_root', () => {
    const bin = at('bin');
    mkdirSync(bin);
    for (const directory of ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/bin', '/sbin']) {
      const there = new Set(readdirSync(bin));
      for (const name of existsSync(directory) ? readdirSync(directory) : [])
        if (name !== 'pivot_root' && !there.has(name)) symlinkSync(join(directory, name), join(bin, name));
    }
    const pass = (): Printed =>
      runScript(
        `pass() {\n${finalPass({ kind: 'cp' }, asEntered(at('from')), asEntered(at('to')), { replaces: true })}\n}\npass`,
        [],
        { ...environment(), PATH: bin },
      );
    expect(spawnSync('sh', ['-c', 'command -v pivot_root'], { env: { PATH: bin } }).status).not.toBe(0);
    const before = outside.state();
    expect(pass()).toMatchObject({ status: 0 });
    for (const side of ['from', 'to'] as const) {
      attack(side);
      for (let round = 0; round < 4; round += 1) {
        rmSync(at('state'), { recursive: true, force: true });
        expectHarmless(pass(), before);
      }
    }
  });

  it('above both, gets nothing of the host either', { tags: ['lab:rsync'] }, () => {
    const [from, to] = [asEntered(at('from')), asEntered(at('to'))];
    const before = outside.state();
    attackers.push(swapper([at('from'), at('to')], outside.path));
    let [copied, refused] = [0, 0];
    for (let round = 0; round < 12; round += 1) {
      const printed = runScript(
        `pass() {\n${finalPass({ kind: 'rsync', nanoseconds: true }, from, to, { replaces: true })}\n}\npass`,
        [],
        environment(),
      );
      if (printed.status === 0) copied += 1;
      else refused += 1;
      expect(printed.status === 0 ? '' : printed.stderr).toMatch(printed.status === 0 ? /^$/ : /\w/);
      expect(outside.state()).toBe(before);
    }
    expect(copied + refused).toBe(12);
  });

  it('gets nothing of the host into a backup, and nothing of the host is listed in it', { tags: ['tar'] }, () => {
    attack('from');
    chmodSync(at('from'), 0o755);
    const entered = asEntered(at('from'));
    const source: Directory = {
      kind: 'directory',
      ...entered,
      born: 0,
      mode: '0755',
      owner: '0:0',
      mountsBelow: [],
      allocatedBytes: 0,
      apparentBytes: 0,
      entries: 0,
      availableBytes: 0,
      inodesTotal: 0,
      inodesAvailable: 0,
    };
    for (let round = 0; round < 4; round += 1) {
      const archive = makeArchive({
        start: {
          plimsoll: 'backup',
          version: 1,
          name: crossed('b'),
          host: 'h',
          source: 's',
          compression: 'gzip',
          consistency: 'live',
          sizeBytes: 0,
        },
        source,
        spool: at('spool'),
        place: 'path:/kept',
        file: undefined,
        list: false,
      });
      const { status, stderr } = runScript(
        stateIn(at('state'))(archive.stdin ?? ''),
        archive.argv.slice(3).map(stateIn(at('state'))),
      );
      if (status !== 0) expect(stderr).toMatch(/\w/);
      if (existsSync(join(at('spool'), 'b.tar.gz'))) {
        const held = spawnSync('tar', ['-xzOf', join(at('spool'), 'b.tar.gz')], {
          encoding: 'utf8',
          maxBuffer: 64 * 1024 ** 2,
        }).stdout;
        expect(held).toContain('of the volume');
        expect(held).not.toContain(canary);
      }
    }
    expect(statSync(outside.path).mode & 0o777).toBe(0o751);
    expect(readFileSync(join(outside.path, 'shadow'), 'utf8')).toContain(canary);
  });
});
