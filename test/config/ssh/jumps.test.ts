import { describe, expect, it } from 'vitest';
import { isDestination, isLogin, JumpMistake, parseJumps, printJump } from '../../../src/config/ssh/jumps.ts';

describe('a way as ssh -J takes it', () => {
  it.each([
    ['none', []],
    ['gate', [{ host: 'gate' }]],
    ['ops@gate:2222', [{ host: 'gate', user: 'ops', port: 2222 }]],
    ['ops@corp@gate', [{ host: 'gate', user: 'ops@corp' }]],
    ['a, b:22', [{ host: 'a' }, { host: 'b', port: 22 }]],
    ['[2001:db8::1]:2222', [{ host: '2001:db8::1', port: 2222 }]],
    ['ssh://ops@gate:22/', [{ host: 'gate', user: 'ops', port: 22, isOutside: true }]],
  ])('%s', (text, jumps) => {
    expect(parseJumps(text)).toEqual(jumps);
  });

  it.each([
    '',
    'a,,b',
    '-oProxyCommand=x',
    'x@-a',
    '-l@a',
    'a b',
    'a;b',
    'a$(x)',
    '2001:db8::1',
    'a:0',
    'a:70000',
    'a:x',
    '@a',
    'a`b`',
  ])('refuses %j', (text) => {
    expect(() => parseJumps(text)).toThrow(JumpMistake);
  });

  it('is printed as it is read', () => {
    for (const text of ['gate', 'ops@gate:2222', '[::1]:22']) expect(parseJumps(text).map(printJump)).toEqual([text]);
  });
});

it('takes nothing for a destination that ssh could take for an option, or for something else', () => {
  expect(['web-1', '10.0.0.1', 'fe80::1%eth0', '::1'].every(isDestination)).toBe(true);
  expect(['-x', 'a b', 'u@h', 'ssh://h', 'a/b', ''].some(isDestination)).toBe(false);
  expect(['ops', 'CORP\\\\ada', 'ops@corp', 'pc$'].every(isLogin)).toBe(true);
  expect(['-oProxyCommand=x', 'a;b', 'a$(b)', 'a`b`', 'a|b', '%r', ''].some(isLogin)).toBe(false);
});
