import { describe, expect, it } from 'vitest';
import { hostPattern } from '../../../../src/config/inventory/ansible/host-pattern.ts';

describe('the hosts that a name of an inventory stands for', () => {
  it.each([
    ['web1', ['web1'], undefined],
    ['web1.example.com:2222', ['web1.example.com'], 2222],
    ['192.0.2.1:22', ['192.0.2.1'], 22],
    ['2001:db8::1', ['2001:db8::1'], undefined],
    ['[2001:db8::1]:2222', ['2001:db8::1'], 2222],
    ['::1', ['::1'], undefined],
    ['2001:db8::[a:c]', ['2001:db8::a', '2001:db8::b', '2001:db8::c'], undefined],
    ['h[:2]', ['h0', 'h1', 'h2'], undefined],
    ['www[01:09:4].example.com', ['www01.example.com', 'www05.example.com', 'www09.example.com'], undefined],
    ['w[8:11]-b:2201', ['w8-b', 'w9-b', 'w10-b', 'w11-b'], 2201],
    ['r[a:e:2]', ['ra', 'rc', 're'], undefined],
    ['n[1:2]x[a:b]', ['n1xa', 'n1xb', 'n2xa', 'n2xb'], undefined],
    ['t[098:102:2]', ['t098', 't100', 't102'], undefined],
    // Ansible takes a port only behind what may be a name.
    ['h[:1]:2222', ['h0:2222', 'h1:2222'], undefined],
    ['strange name:22', ['strange name:22'], undefined],
  ])('%s', (text, names, port) => {
    expect(hostPattern(text)).toEqual({ names, ...(port === undefined ? {} : { port }) });
  });

  it.each([
    ['web[1-3]', 'is to be [BEGIN:END]'],
    ['web[1:', 'is not closed'],
    ['web[1:]', 'has no end'],
    ['web[01:100]', 'different widths'],
    ['web[3:1]', 'runs backwards'],
    ['web[c:a]', 'runs backwards'],
    ['web[1:c]', 'neither numbers nor letters'],
    ['web[1:3:0]', 'no number above zero'],
    ['web[1:99999999]', 'more than 65536'],
    ['web[1:999][1:999]', 'more than 65536'],
    ['web1:', 'ends with a colon'],
  ])('refuses %s', (text, why) => {
    expect(() => hostPattern(text)).toThrow(why);
  });
});
