// lab: 100 s, copy_volume
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CopyTools } from '../../../src/facts/copies/directory-copy.ts';
import { copyDirectory, copyTools } from '../../../src/facts/copies/directory-copy.ts';
import { ask } from '../../../src/facts/fact.ts';
import { chooseMethod } from '../../../src/operations/copies/copy-method.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { volumeCopySchema } from '../../../src/operations/copies/copy-survey.ts';
import { copyVolume } from '../../../src/operations/copies/copy-volume.ts';
import { readHere } from '../../facts/real-shell.ts';
import { here, methods } from '../../operations/copy-methods.ts';
import { CopyHost } from '../../operations/copy-host.ts';
import { Answers } from '../../operations/known.ts';
import { applyHere, knowHere, stateIn } from '../../operations/on-this-machine.ts';
import { planLawfully } from '../../operations/plan-lawfully.ts';

const script = (name: string): string => new URL(`./torture/${name}`, import.meta.url).pathname;

function python(
  name: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly printed: string } {
  const { status, stdout, stderr } = spawnSync('python3', [script(name), ...args], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 ** 2,
  });
  return { status, printed: `${stdout}${stderr}`.trim() };
}

/** By an independent reader: what it says when all is the same. */
const compare = (a: string, b: string): string => python('compare.py', a, b).printed;
const digest = (path: string): string => python('compare.py', path).printed;

const possible =
  process.getuid?.() === 0 && process.platform === 'linux' && spawnSync('python3', ['--version']).status === 0;
/** But for the small files, with two directories for these and a socket. */
const entries = 335;
const many = 100_000;

describe.runIf(possible)(
  `a tree with everything in it that a copy can lose${possible ? '' : ' [not run: needs root, Linux and python3]'}`,
  () => {
    const base = possible ? mkdtempSync(join(tmpdir(), 'plimsoll-torture-')) : '';
    const small = join(base, 'small');
    const withoutSocket = join(base, 'without-socket');
    const lead = stateIn(join(base, 'state'));

    beforeAll(() => {
      for (const [path, ...more] of [[small], [withoutSocket, 'without socket']] as const)
        expect(python('build.py', path, '2000', ...more)).toEqual({ status: 0, printed: '' });
    });
    afterAll(() => {
      spawnSync('sh', [
        '-c',
        `chattr -R -i "$1" 2>/dev/null; for at in "$1"/*.mounted; do umount "$at" 2>/dev/null; done; rm -rf "$1"`,
        'sh',
        base,
      ]);
    });

    function plan(from: string, to: string, tools: CopyTools, more = new Answers()): Planned {
      const want = volumeCopySchema.parse({ from, to });
      return planLawfully(copyVolume, want, knowHere(copyVolume, want, lead, more.set(ask(copyTools), tools)));
    }
    function apply(planned: Planned): void {
      if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
      for (const { actions } of planned.changes) applyHere(actions, lead);
    }
    function emptied(path: string): string {
      rmSync(path, { recursive: true, force: true });
      mkdirSync(path);
      return path;
    }

    it('is noticed by the comparison, whatever differs', () => {
      const other = emptied(join(base, 'other'));
      const damages: readonly (readonly [string, string])[] = [
        ['a nanosecond', 'touch -d @1000000000.123456788 .'],
        [
          'a hole that is filled',
          'dd if=/dev/zero of=special/hollow bs=5000001 count=1 conv=notrunc status=none && touch -r ../small/special/hollow special/hollow',
        ],
        ['an attribute', 'setfattr -n user.colour -v blue attributes/marked'],
        ['a hard link', 'cp -a links/two links/copy && mv links/copy links/two'],
        ['the owner of a link', 'chown -h 0:0 links/absolute'],
        ['an empty directory', 'rmdir "empty/inside empty"'],
        // Of the same size and time: last, because what puts the others right again does not see it.
        [
          'content in the middle of a gibibyte',
          'printf x | dd of=special/giant bs=1 seek=536870913 conv=notrunc status=none && touch -r ../small/special/giant special/giant',
        ],
      ];
      for (const [what, damage] of damages) {
        // Its damage is not seen by size and time.
        rmSync(join(other, 'special/hollow'), { force: true });
        spawnSync('rsync', ['-aHAXS', '--delete', '--modify-window=-1', `${small}/`, `${other}/`]);
        expect(compare(small, other), `before: ${what}`).toMatch(/^identical/);
        spawnSync('sh', ['-c', damage], { cwd: other });
        expect(compare(small, other), what).not.toMatch(/^identical/);
      }
      rmSync(other, { recursive: true });
    });

    for (const [name, tools] of methods) {
      const there = chooseMethod(tools)?.kind === name;
      const source = name === 'tar' ? withoutSocket : small;
      const expected = `identical ${String(2000 + entries - (name === 'tar' ? 1 : 0))}`;

      it.skipIf(!there)(`is identical after volume_copy by ${name}${there ? '' : ` [not run: needs ${name}]`}`, () => {
        const to = emptied(join(base, 'to'));
        apply(plan(source, to, tools));
        expect(compare(source, to)).toBe(expected);
        expect(plan(source, to, tools).outcome).toBe('noop');
      });

      it.skipIf(!there)(
        `is identical after both passes of copy_volume by ${name}, with a container that writes between them`,
        () => {
          const host = new CopyHost();
          try {
            rmSync(host.from, { recursive: true });
            spawnSync('cp', ['-a', source, host.from]);
            const id = host.container('app', host.from);
            // What it does before it is down: every kind of change.
            host.onStop(
              `cd "$base/../from" && rm -r names && mv links/one links/moved && setfattr -n user.colour -v green attributes/marked && chmod 0600 random && mkdir new && printf later >new/-file`,
            );
            const asked = copyVolume.schema.parse({
              from: { path: host.from },
              to: { path: host.to },
              stop: true,
              method: name,
            });
            const know = (want: typeof asked): ReturnType<typeof knowHere> =>
              knowHere(copyVolume, want, host.lead, host.answers());
            const want = copyVolume.pin?.(asked, know(asked)) ?? asked;
            const planned = planLawfully(copyVolume, want, know(want));
            if (planned.outcome !== 'change') throw new Error(JSON.stringify(planned));
            for (const { actions } of planned.changes) applyHere(actions, host.lead);
            expect(planned.changes.length).toBe(name === 'rsync' ? 2 : 1);
            expect(compare(host.from, host.to)).toMatch(/^identical 23\d\d$/);
            expect([host.runs(id), planLawfully(copyVolume, want, know(want)).outcome]).toEqual([true, 'noop']);
          } finally {
            host.remove();
          }
        },
      );
    }

    it('is refused by tar, which would lose a socket', () => {
      const tools = methods[2]?.[1] ?? here;
      expect(plan(small, emptied(join(base, 'to')), tools)).toMatchObject({
        outcome: 'refused',
        reason: expect.stringMatching(/holds 1 socket, which tar leaves out/),
      });
    });

    it('is copied without its immutable flag, which is said', () => {
      const flagged = join(base, 'flagged');
      const to = emptied(join(base, 'to'));
      mkdirSync(flagged);
      writeFileSync(join(flagged, 'fixed'), 'x');
      expect(spawnSync('chattr', ['+i', join(flagged, 'fixed')]).status, 'chattr +i').toBe(0);
      const planned = plan(flagged, to, here);
      expect(planned.warnings).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^1 of what is in .* cannot be changed \(chattr \+i or \+a: fixed\)/),
        ]),
      );
      apply(planned);
      spawnSync('chattr', ['-i', join(flagged, 'fixed')]);
      expect(compare(flagged, to)).toBe('identical 2');
    });

    describe.each(methods)('into a destination that is too small, by %s', (name, tools) => {
      const there = chooseMethod(tools)?.kind === name;

      it.skipIf(!there)(
        'is refused; and where it was thought large enough, fails, says so, and leaves the source as it is',
        () => {
          const [from, image, at] = [
            join(base, `${name}-from`),
            join(base, `${name}.image`),
            join(base, `${name}.mounted`),
          ];
          mkdirSync(from);
          mkdirSync(at);
          // Random: zeros would become holes.
          spawnSync('sh', [
            '-c',
            'for n in 1 2 3 4 5 6; do head -c 3000000 /dev/urandom >"$1/$n"; done; truncate -s 12M "$2" && mkfs.ext4 -q "$2" && mount -o loop "$2" "$3" && rmdir "$3/lost+found"',
            'sh',
            from,
            image,
            at,
          ]);
          expect(statSync(at).dev).not.toBe(statSync(base).dev);
          const before = digest(from);
          expect(plan(from, at, tools)).toMatchObject({
            outcome: 'refused',
            reason: expect.stringMatching(/free, the copy needs 17\.\d+ MiB/),
          });
          const roomy = { ...readHere(copyDirectory, at), availableBytes: 1e12, inodesAvailable: 1e6 };
          expect(() => {
            apply(plan(from, at, tools, new Answers().set(ask(copyDirectory, at), roomy)));
          }).toThrow(/No space left on device/i);
          expect(digest(from)).toBe(before);
          // The next one knows that what is there is no whole copy.
          expect(readdirSync(join(base, 'state/copies')).length).toBeGreaterThan(0);
          expect(plan(from, at, tools).outcome).toBe('refused');
          spawnSync('umount', [at]);
        },
      );
    });

    it.runIf(process.env['PLIMSOLL_LAB'] === 'all')(
      `is identical with ${String(many)} small files in it, by every method`,
      () => {
        const large = join(base, 'large');
        expect(python('build.py', large, String(many), 'without socket')).toEqual({ status: 0, printed: '' });
        for (const [name, tools] of methods.filter(([method, set]) => chooseMethod(set)?.kind === method)) {
          const to = emptied(join(base, 'to'));
          apply(plan(large, to, tools));
          expect(compare(large, to), name).toBe(`identical ${String(many + 100 + entries - 3)}`);
        }
        rmSync(large, { recursive: true });
        expect(existsSync(large)).toBe(false);
      },
    );
  },
);
