import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../../src/config/inventory/inventory.ts';
import { expandRanges } from '../../../src/config/model/ranges.ts';
import { matchPattern, readLimit, selectHosts } from '../../../src/config/inventory/select.ts';
import { laptop } from '../io.ts';

const file = `
hosts: { "web-[01:05]": {}, "db-[1:2]": {}, cache-a: {}, lone: {} }
groups:
  web: { hosts: ["web-*"] }
  data: { hosts: ["db-[1:2]", cache-a] }
  production: { children: [web], hosts: [db-1] }
`;
const inventory = await loadInventory(['i.yaml'], laptop({ files: { 'i.yaml': file } }));
const select = (pattern: string, limit?: string): readonly string[] =>
  selectHosts(inventory, pattern, limit).map(({ name }) => name);
const web = ['web-01', 'web-02', 'web-03', 'web-04', 'web-05'];

describe('host patterns', () => {
  it.each([
    ['all', [...web, 'db-1', 'db-2', 'cache-a', 'lone']],
    ['*', [...web, 'db-1', 'db-2', 'cache-a', 'lone']],
    ['web', web],
    ['lone,db-2', ['db-2', 'lone']],
    ['lone:db-2', ['db-2', 'lone']],
    [' lone , db-2 ', ['db-2', 'lone']],
    ['web:&production:!web-03', ['web-01', 'web-02', 'web-04', 'web-05']],
    ['!web-03:web', ['web-01', 'web-02', 'web-04', 'web-05']],
    ['!web', ['db-1', 'db-2', 'cache-a', 'lone']],
    ['&production', [...web, 'db-1']],
    ['data:&production', ['db-1']],
    ['db-*', ['db-1', 'db-2']],
    ['prod*', [...web, 'db-1']],
    ['web-0?', web],
    ['web-0[13]', ['web-01', 'web-03']],
    ['web-[02:03]', ['web-02', 'web-03']],
    ['web[0]', ['web-01']],
    ['web[-1]', ['web-05']],
    ['web[0:2]', ['web-01', 'web-02', 'web-03']],
    ['web[3:]', ['web-04', 'web-05']],
    ['web-*[1]', ['web-02']],
    ['all[0:1]:!web-01', ['web-02']],
    ['~web-0[1-3]', ['web-01', 'web-02', 'web-03']],
    ['~(db|cache)-.*,!db-1', ['db-2', 'cache-a']],
    ['ungrouped', ['lone']],
  ])('%s', (pattern, hosts) => {
    expect(select(pattern)).toEqual(hosts);
  });

  it.each([
    ['wbe', 'there is no host or group "wbe"; did you mean "web"?'],
    ['all:!web-3', 'there is no host or group "web-3"'],
    ['nothing-*', '"nothing-*" matches no host and no group'],
    ['~nothing', '"~nothing" matches no host'],
    ['~(', 'not a regular expression'],
    ['web-[04:07]', 'there is no host or group "web-06"'],
    ['web-[4:1]', 'runs backwards'],
    ['web[9]', 'names none of the 5 hosts'],
    ['', 'the pattern is empty'],
    ['web:&data', 'no host is in "web:&data"'],
  ])('%j is refused', (pattern, message) => {
    expect(() => select(pattern)).toThrow(message);
  });

  it('limits, and says when nothing is left', () => {
    expect(select('production', 'web-0[12]')).toEqual(['web-01', 'web-02']);
    expect(() => select('web', 'db-1')).toThrow('no host is in "web" and in the limit "db-1"');
  });

  it('reads the limit from a file', async () => {
    const io = laptop({ files: { failed: 'web-02 # timed out\n\ndb-1\n', none: '# nothing\n' } });
    expect(select('all', await readLimit('@failed,lone', io))).toEqual(['web-02', 'db-1', 'lone']);
    await expect(readLimit('@none', io)).rejects.toThrow('names no host');
    await expect(readLimit('@missing', io)).rejects.toThrow('there is no such file');
  });

  it('takes a limit that names every host of a large inventory, and one that misspells them all', () => {
    const names = Array.from({ length: 5000 }, (_, host) => `web-${String(host)}`);
    const large = { groups: new Map(), hosts: new Map(names.map((name) => [name, name])) };
    expect(matchPattern(large, names.join(',')).hosts.size).toBe(5000);
    const { hosts, mistakes } = matchPattern(large, names.map((name) => `${name}x`).join(','));
    expect([hosts.size, mistakes.length]).toEqual([0, 5000]);
    expect(mistakes[0]?.message).toBe('there is no host or group "web-0x"; did you mean "web-0"?');
  });

  it('is the set algebra that it says: additions, then intersections, then exclusions', () => {
    const names = [...inventory.hosts.keys(), ...inventory.groups.keys()];
    const setOf = (name: string): ReadonlySet<string> => new Set(inventory.groups.get(name) ?? [name]);
    const term = fc.record({ sign: fc.constantFrom('', '&', '!'), name: fc.constantFrom(...names) });
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 6 }), fc.constantFrom(':', ','), (terms, separator) => {
        let expected = new Set(
          terms.some(({ sign }) => sign === '')
            ? terms.filter(({ sign }) => sign === '').flatMap(({ name }) => [...setOf(name)])
            : inventory.hosts.keys(),
        );
        for (const { name } of terms.filter(({ sign }) => sign === '&'))
          expected = new Set([...expected].filter((host) => setOf(name).has(host)));
        for (const { name } of terms.filter(({ sign }) => sign === '!'))
          expected = new Set([...expected].filter((host) => !setOf(name).has(host)));
        const { hosts, mistakes } = matchPattern(inventory, terms.map(({ sign, name }) => sign + name).join(separator));
        expect(mistakes).toEqual([]);
        expect([...hosts]).toEqual([...inventory.hosts.keys()].filter((host) => expected.has(host)));
      }),
    );
  });

  it('answers any text with hosts or mistakes, and never with an exception', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(
            'web',
            '-',
            '0',
            '1',
            '2',
            'a',
            '[',
            ']',
            ':',
            ',',
            '!',
            '&',
            '~',
            '*',
            '?',
            '(',
            ')',
            ' ',
          ),
          maxLength: 20,
        }),
        (pattern) => {
          const { hosts, mistakes } = matchPattern(inventory, pattern);
          expect(mistakes.length === 0 || hosts.size === 0).toBe(true);
          for (const { span } of mistakes) expect(span.start).toBeLessThan(Math.max(1, pattern.length + 1));
        },
      ),
    );
  });
});

describe('ranges', () => {
  it.each([
    ['web-[01:03]', ['web-01', 'web-02', 'web-03']],
    ['web-[8:11]', ['web-8', 'web-9', 'web-10', 'web-11']],
    ['[a:c]', ['a', 'b', 'c']],
    ['r[1:2]-[a:b]', ['r1-a', 'r1-b', 'r2-a', 'r2-b']],
    ['x[0:10:5].lan', ['x0.lan', 'x5.lan', 'x10.lan']],
    ['plain', ['plain']],
    ['[5]', ['[5]']],
  ])('%s', (text, names) => {
    expect(expandRanges(text)).toEqual(names);
  });

  it('gives as many names as the bounds say, all different, none shorter than the first bound', () => {
    fc.assert(
      fc.property(fc.nat(500), fc.nat(200), fc.integer({ min: 1, max: 5 }), (from, count, digits) => {
        const first = String(from).padStart(digits, '0');
        const names = expandRanges(`h[${first}:${String(from + count).padStart(digits, '0')}]`);
        expect(new Set(names).size).toBe(count + 1);
        expect(names.map((name) => Number(name.slice(1)))).toEqual(
          Array.from({ length: count + 1 }, (_, index) => from + index),
        );
        expect(names.every((name) => name.length >= digits + 1)).toBe(true);
      }),
    );
  });
});
