import { describe, expect, it } from 'vitest';
import { isRefused, refuse, refuseForAll } from '../../src/values/refusal.ts';

describe('isRefused', () => {
  it('knows a refusal, with whatever else is said of it', () => {
    expect(isRefused(refuse('it is full', 'make room'))).toBe(true);
    expect(isRefused({ ...refuse('it is full', 'make room'), provisional: [] })).toBe(true);
  });

  it.each([
    [undefined],
    [null],
    [0],
    [''],
    [[]],
    [{}],
    [{ reason: 'it is so', remedy: 'none' }],
    [{ outcome: 'refused' }],
  ])('takes %j for none', (result) => {
    expect(isRefused(result)).toBe(false);
  });
});

it('refuseForAll says once what several have in common', () => {
  const all = [refuse('a is full', 'make room'), refuse('b is full', 'make room'), refuse('a is full', 'move it')];
  expect(refuseForAll(all)).toEqual(refuse('a is full; b is full', 'make room; move it'));
});
