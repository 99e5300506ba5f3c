import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { operations } from '../../src/operations/registry.ts';
import { chosen, moments, type Choice } from './choice.ts';
import { dueLabFiles, labFiles, pathOf, toldBy } from './lab-files.ts';
import { touchedBy } from './touched.ts';
import { commitsOfARotation, dueOf, isDue, root } from './turn.ts';

const numbers = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);
const names = [...operations.keys()];
const choice = (more: Partial<Choice>): Choice => ({ all: false, turn: 0, touched: [], changed: [], ...more });

describe('turns', () => {
  it('give each item its turn once in a rotation, wherever that begins', () => {
    for (const first of [0, 1, 7, 113]) {
      const { faults } = commitsOfARotation;
      const turns = numbers(faults).map((offset) =>
        numbers(45).filter((index) => isDue(index, first + offset, faults)),
      );
      expect(turns.flat().toSorted((a, b) => a - b)).toEqual(numbers(45));
    }
  });

  it.each([1, 2, 3, 5, 12, 15, 21, 63, 69, 390])(
    'come to each of %i moments in as many rotations as it takes, six each',
    (length) => {
      const items = numbers(length);
      const rotations = Math.ceil(length / 6);
      const seen = new Set(
        numbers(rotations).flatMap((rotation) => dueOf(items, 6, 5 + rotation * commitsOfARotation.faults)),
      );
      expect(seen.size).toBe(length);
      expect(new Set(dueOf(items, 6, 9)).size).toBe(Math.min(6, length));
    },
  );

  it('spread the moments of a turn over all of them', () => {
    const at = dueOf(numbers(60), 6, 0);
    const gaps = at.slice(1).map((each, index) => each - (at[index] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(30);
  });
});

describe('what is tried', () => {
  const items = names.map((operation) => ({ operation }));
  const tried = (how: Choice): readonly string[] =>
    chosen(items, ({ operation }) => operation, how).map(({ operation }) => operation);

  it('is what the change touches, whatever the turn is', () => {
    for (const turn of numbers(commitsOfARotation.faults))
      expect(tried(choice({ turn, touched: ['send_volume'] }))).toContain('send_volume');
  });

  it('is everything when that is asked for', () => {
    expect(tried(choice({ all: true }))).toEqual(names);
    expect(moments(numbers(100), 6, choice({ all: true }))).toHaveLength(100);
  });
});

describe('a changed file', () => {
  it.each([
    ['src/operations/pools/lvm.ts', ['grow_pool'], false],
    ['src/operations/scaled/delete-scaled-volume.ts', ['delete_scaled_volume'], false],
    ['src/operations/primitives/thin-table.ts', ['dmsetup'], false],
    ['src/operations/containers/replace/undo-main.sh', ['recreate_container', 'scale_volume'], false],
    ['src/facts/rootfs/thin-superblock.sh', ['repair_rootfs'], false],
    ['test/operations/removal/clean-volumes.cases.ts', ['clean_volumes'], false],
    ['src/run/work/work.ts', [], true],
    ['src/operations/engine/change.ts', [], true],
    ['src/render/progress/live.ts', [], false],
    ['README.md', [], false],
  ])('%s touches %j', (file, touched, core) => {
    expect(touchedBy([file], names)).toEqual({ operations: touched, core });
  });

  it('touches every operation that is made of it', () => {
    expect(touchedBy(['src/facts/copies/enter.sh'], names).operations).toEqual(
      expect.arrayContaining(['copy_volume', 'scale_volume', 'restore_volume']),
    );
  });
});

describe('files of the lab', () => {
  it('are about operations and files that there are', () => {
    const files = ['src', 'lab'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    );
    expect(labFiles.length).toBeGreaterThan(30);
    for (const { operations: about = [], paths = [] } of labFiles) {
      expect(names).toEqual(expect.arrayContaining([...about]));
      expect(paths.filter((beginning) => !files.some((file) => file.startsWith(beginning)))).toEqual([]);
    }
  });

  it.each([
    ['trim_rootfs', { operations: ['trim_rootfs'] }],
    ['lab/vm/ lab/native/', { paths: ['lab/vm/', 'lab/native/'] }],
    ['resize2fs src/facts/', { operations: ['resize2fs'], paths: ['src/facts/'] }],
  ])('tell what they are about: %s', (about, told) => {
    expect(toldBy(`// lab: 300 s, ${about}`, 'own')).toStrictEqual({ name: 'own', seconds: 300, ...told });
  });

  it.each([
    '',
    "import { expect, it } from 'vitest';",
    '// lab: 300 s',
    '// lab: 300 s, ',
    '// lab: 300 s, trim_rootfs, grow_rootfs',
    '// lab: 300 s, trim_rootfs  grow_rootfs',
    '// lab: 5 min, trim_rootfs',
    '// lab: 0 s, trim_rootfs',
    '//lab: 300 s, trim_rootfs',
  ])('are refused when they begin with %j', (line) => {
    expect(() => toldBy(line, 'own')).toThrow(/^test\/lab\/own\.test\.ts begins with/);
  });

  it('have each its turn in a rotation, in shards that take about the same time', () => {
    const turns = numbers(commitsOfARotation.lab).map((turn) => dueLabFiles(choice({ turn })).files);
    expect(turns.flat().map(pathOf).toSorted()).toEqual(labFiles.map(pathOf).toSorted());
    const times = turns.map((files) => files.reduce((sum, { seconds }) => sum + seconds, 0));
    expect(Math.max(...times) - Math.min(...times)).toBeLessThan(400);
  });

  it.each([
    ['what an operation is made of', { touched: ['send_volume'] }, 'test/lab/copies/send-volume.test.ts'],
    ['a file of the source', { changed: ['src/records/etcd.ts'] }, 'test/lab/records/etcd.test.ts'],
    ['the test itself', { changed: ['test/lab/containers/compose.test.ts'] }, 'test/lab/containers/compose.test.ts'],
  ])('come first, whatever the turn is, when the change touches %s', (_, more, expected) => {
    for (const turn of numbers(commitsOfARotation.lab))
      expect(dueLabFiles(choice({ turn, ...more })).files.map(pathOf)[0]).toBe(expected);
  });

  it('are left to their turns, and named, when a change touches more than there is time for', () => {
    const { files, postponed } = dueLabFiles(choice({ turn: 1, changed: labFiles.map(pathOf) }));
    expect([...files, ...postponed].map(pathOf).toSorted()).toEqual(labFiles.map(pathOf).toSorted());
    const seconds = (which: typeof files): number => which.reduce((sum, each) => sum + each.seconds, 0);
    expect(seconds(files)).toBeLessThan(seconds(labFiles) / 2 + 600);
    expect(postponed.length).toBeGreaterThan(3);
  });
});
