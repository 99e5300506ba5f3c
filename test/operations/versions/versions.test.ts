import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dockerBytes } from '../../../src/values/docker-size.ts';
import type { Replacement } from '../../../src/facts/containers/replacements.ts';
import type { FamilyPast } from '../../../src/operations/versions/versions.ts';
import { familyOf, follow, nextVersion, versionOf } from '../../../src/operations/versions/versions.ts';
import { ids, made, old, replacement, use, volume } from '../volumes/world.ts';

/** What is written down on the host. */
function past(
  inForce: readonly { readonly name: string; readonly replaces: string }[] = [],
  replacements: readonly Replacement[] = [],
): FamilyPast {
  return { ledger: { file: '/l', highest: 0, inForce, begun: [] }, replacements };
}

describe('families and versions', () => {
  it.each([
    ['foo', 'foo', 0],
    ['foo-0', 'foo', 0],
    ['foo-7', 'foo', 7],
    ['foo-bar', 'foo-bar', 0],
    ['foo-bar-2', 'foo-bar', 2],
    ['data-007', 'data-007', 0],
    ['backup-20261121', 'backup-20261121', 0],
    ['x-1.5', 'x-1.5', 0],
  ])('%s is of the family %s, version %d', (name, family, version) => {
    expect(familyOf(volume(name))).toBe(family);
    expect(versionOf(volume(name))).toBe(version);
  });

  it('labels say more than the name', () => {
    expect(familyOf(made('db-main', 3, 'db-main-2'))).toBe('db-main');
    expect(familyOf(volume('foo-1', { labels: { 'plimsoll.volume': '../../etc' } }))).toBe('foo');
    expect(versionOf(volume('foo-1', { labels: { 'plimsoll.version': 'many' } }))).toBe(1);
  });

  it.each([
    ['the first', ['foo'], 0, 1],
    ['after foo-0', ['foo-0'], 0, 1],
    ['never what a volume has', ['foo', 'foo-1', 'foo-9'], 0, 10],
    ['never what one has had', ['foo'], 4, 5],
    ['not of other families', ['foo', 'bar-7', 'foo-bar-7'], 0, 1],
  ])('%s: %j, ever %d → %d', (_what, names, ever, next) => {
    expect(
      nextVersion(
        names.map((name) => volume(name)),
        'foo',
        ever,
      ),
    ).toBe(next);
  });

  it('never gives a name that is there or has been there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('foo', 'foo-0', 'foo-1', 'foo-2', 'foo-30', 'bar', 'foo-1-2')),
        fc.nat(50),
        (names, ever) => {
          const next = nextVersion(
            names.map((name) => volume(name)),
            'foo',
            ever,
          );
          expect(next).toBeGreaterThan(ever);
          expect(names).not.toContain(`foo-${String(next)}`);
        },
      ),
    );
  });
});

describe('where a name leads', () => {
  const foo = volume('foo');
  const foo1 = made('foo', 1, 'foo');
  const foo2 = made('foo', 2, 'foo-1');

  it.each([
    ['to itself', [foo], [use('app', ids.app, 'foo')], past(), 'foo'],
    ['to itself while the new one is being filled', [foo, foo1], [use('app', ids.app, 'foo')], past(), 'foo'],
    [
      'to itself while the new container has not its name yet',
      [foo, foo1],
      [use('app', ids.app, 'foo'), use('app-new-aaaaaaaaaaaa', ids.newApp, 'foo-1')],
      past(),
      'foo',
    ],
    [
      "to the new one, once its container has taken the old one's place",
      [foo, foo1],
      [old('app', ids.app, 'foo'), use('app', ids.newApp, 'foo-1')],
      past(),
      'foo-1',
    ],
    [
      'to itself while that is still going on',
      [foo, foo1],
      [old('app', ids.app, 'foo'), use('app', ids.newApp, 'foo-1')],
      past([], [replacement(ids.app, ids.newApp, 'starting')]),
      'foo',
    ],
    ['to the new one, when the old one has been removed', [foo1], [use('app', ids.newApp, 'foo-1')], past(), 'foo-1'],
    [
      'to the newest of three',
      [foo, foo1, foo2],
      [old('app', ids.app, 'foo'), old('app', ids.web, 'foo-1'), use('app', ids.newApp, 'foo-2')],
      past(),
      'foo-2',
    ],
    [
      'to the newest of three without containers',
      [foo, foo1, foo2],
      [],
      past([
        { name: 'foo-1', replaces: 'foo' },
        { name: 'foo-2', replaces: 'foo-1' },
      ]),
      'foo-2',
    ],
    [
      'to the newest, when the middle one has been removed',
      [foo, foo2],
      [old('app', ids.app, 'foo'), use('app', ids.newApp, 'foo-2')],
      past([
        { name: 'foo-1', replaces: 'foo' },
        { name: 'foo-2', replaces: 'foo-1' },
      ]),
      'foo-2',
    ],
    [
      'to the newest, when all others have been removed',
      [foo2],
      [use('app', ids.newApp, 'foo-2')],
      past([{ name: 'foo-1', replaces: 'foo' }]),
      'foo-2',
    ],
    ['back to itself, when the new one was given up', [foo], [use('app', ids.app, 'foo')], past(), 'foo'],
    ['nowhere, when it never was', [foo2], [], past(), 'missing'],
    ['without containers, to itself until the copy is complete', [foo, foo1], [], past(), 'foo'],
    [
      'without containers, to the new one from then on',
      [foo, foo1],
      [],
      past([{ name: 'foo-1', replaces: 'foo' }]),
      'foo-1',
    ],
    [
      'to itself, whatever the ledger says, while its container runs',
      [foo, foo1],
      [use('app', ids.app, 'foo')],
      past([{ name: 'foo-1', replaces: 'foo' }]),
      'foo',
    ],
    [
      'past the container that Docker mounts it with once',
      [foo, foo1],
      [use('app', ids.app, 'foo'), use('x', ids.web, 'foo-1', { labels: { 'plimsoll.prime': 'foo-1' } })],
      past(),
      'foo',
    ],
  ])('%s', (_what, all, uses, more, name) => {
    const chain = follow('foo', all, uses, more);
    expect(chain).toMatchObject(name === 'missing' ? { kind: 'missing' } : { kind: 'found', volume: { name } });
  });

  it('nowhere, when containers use the old and the new one at once', () => {
    expect(
      follow('foo', [foo, foo1], [use('batch', ids.web, 'foo'), use('app', ids.newApp, 'foo-1')], past()),
    ).toMatchObject({ kind: 'torn', users: [{ name: 'batch' }] });
  });

  it('does not go in circles', () => {
    const a = volume('a1', { labels: { 'plimsoll.volume': 'a', 'plimsoll.replaces': 'b1' } });
    const b = volume('b1', { labels: { 'plimsoll.volume': 'a', 'plimsoll.replaces': 'a1' } });
    expect(
      follow(
        'a1',
        [a, b],
        [],
        past([
          { name: 'a1', replaces: 'b1' },
          { name: 'b1', replaces: 'a1' },
        ]),
      ).kind,
    ).toBe('found');
  });
});

describe('sizes as Docker reads them', () => {
  it.each([
    ['20M', 20 * 1024 ** 2],
    ['20MB', 20 * 1024 ** 2],
    ['20mib', 20 * 1024 ** 2],
    ['20 M', 20 * 1024 ** 2],
    ['1.5G', 1.5 * 1024 ** 3],
    ['20', 20],
    ['0', 0],
    ['41943040', 41_943_040],
    ['-5M', undefined],
    ['abc', undefined],
    ['', undefined],
  ])('%j is %s', (text, bytes) => {
    expect(dockerBytes(text)).toBe(bytes);
  });
});
