import { describe, expect, it } from 'vitest';
import { listed } from '../../src/render/differences.ts';

describe('listed', () => {
  it.each<[string, string, readonly string[]]>([
    ['the host has changed: a was 1, is 2', 'the host has changed: a was 1, is 2', []],
    [
      'the host has changed: a was 1, is 2; b was "x", is none',
      'the host has changed:',
      ['a was 1, is 2', 'b was "x", is none'],
    ],
    [
      'the host has changed:\n  a was 1, is 2\n  b was 3, is 4\n',
      'the host has changed:',
      ['a was 1, is 2', 'b was 3, is 4'],
    ],
    ['Grow: it has changed:\na\nb', 'Grow: it has changed:', ['a', 'b']],
    ['changed: a was "1; 2\\"; ", is "3; 4"; b', 'changed:', ['a was "1; 2\\"; ", is "3; 4"', 'b']],
    ['changed: 5" disk; 7', 'changed:', ['5" disk', '7']],
    ['a;b', 'a;b', []],
    ['', '', []],
  ])('%j', (message, heading, items) => {
    expect(listed(message)).toEqual({ heading, items });
  });

  it('bounds the list', () => {
    const { items } = listed(`x: ${Array.from({ length: 300 }, (_, index) => `d${String(index)}`).join('; ')}`);
    expect(items).toHaveLength(21);
    expect(items.at(-1)).toBe('… and 280 more');
  });
});
