import { expect, it } from 'vitest';
import { operations } from '../../src/operations/registry.ts';
import { inPresentTerms } from '../../src/plan/present-terms.ts';

const present = inPresentTerms(operations);
const older = { operation: 'volume_copy', want: { from: '/a', to: '/b', bwlimit: '1MiB', delete: true }, more: 1 };

it('says what an earlier version has asked for under an older key as it is said now', () => {
  expect(present(older)).toEqual({
    operation: 'copy_volume',
    want: {
      from: { path: '/a' },
      to: { path: '/b' },
      bwlimit: '1MiB',
      delete: true,
      stop: false,
      first_pass_only: false,
      method: 'auto',
    },
    more: 1,
  });
  expect(operations.get('copy_volume')?.schema.parse(present(older).want)).toEqual(present(older).want);
});

it('leaves everything else as it is', () => {
  for (const asked of [
    { operation: 'copy_volume', want: { from: '/a', to: '/b' } },
    { operation: 'undo', want: { operation: 'volume_copy', want: older.want } },
    { operation: 'of another version', want: null },
  ])
    expect(present(asked)).toBe(asked);
});

it('does not know what is not known yet, and leaves what is no input to whoever uses it', () => {
  expect(present({ ...older, want: null })).toEqual({ ...older, operation: 'copy_volume', want: null });
  expect(present({ ...older, want: { from: 1 } })).toMatchObject({ operation: 'copy_volume', want: { from: 1 } });
});
