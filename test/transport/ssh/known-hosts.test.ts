import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { judgeHostKey, knownHostName, parseKnownHosts } from '../../../src/transport/ssh/host-keys/known-hosts.ts';

const key = Buffer.from('the key of the host');
const other = Buffer.from('another key');

function judge(text: string, address = 'web-1.example.com', port = 22): string {
  const verdict = judgeHostKey(parseKnownHosts(text, 'known_hosts'), address, port, 'ssh-ed25519', key);
  if (verdict.kind === 'changed') return `changed ${verdict.old.where}`;
  return verdict.kind === 'revoked' ? `revoked ${verdict.entry.where}` : verdict.kind;
}

function line(hosts: string, blob = key, type = 'ssh-ed25519'): string {
  return `${hosts} ${type} ${blob.toString('base64')} a comment\n`;
}

function hashed(name: string): string {
  const salt = Buffer.from('twenty bytes of salt');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

describe('known_hosts', () => {
  it.each<[string, string, string, (string | undefined)?, number?]>([
    ['a plain name', line('web-1.example.com'), 'known'],
    ['another name', line('web-2.example.com'), 'unknown'],
    ['upper case', line('WEB-1.Example.COM'), 'known'],
    ['a list', line('db,web-1.example.com,10.0.0.1'), 'known'],
    ['wildcards', line('web-?.*.com'), 'known'],
    ['a dot that is no wildcard', line('web-1xexample.com'), 'unknown'],
    ['a negated pattern after a match', line('*.example.com,!web-1.*'), 'unknown'],
    ['a negated pattern for another', line('!web-2.*,*.example.com'), 'known'],
    ['a port', line('[web-1.example.com]:2222'), 'known', undefined, 2222],
    ['another port', line('[web-1.example.com]:2222'), 'unknown', undefined, 2223],
    ['port 22 with an entry for another port', line('[web-1.example.com]:2222'), 'unknown'],
    ['another port with an entry without one', line('web-1.example.com'), 'known', undefined, 2222],
    [
      'another port with an entry without one, and another key pinned for the port',
      line('[web-1.example.com]:2222', other) + line('web-1.example.com'),
      'changed known_hosts:1',
      undefined,
      2222,
    ],
    [
      'the same with a pinned key of another type',
      line('[web-1.example.com]:2222', other, 'ssh-rsa') + line('web-1.example.com'),
      'changed known_hosts:1',
      undefined,
      2222,
    ],
    [
      'the same with a hashed name',
      line(hashed('[web-1.example.com]:2222'), other) + line('web-1.example.com'),
      'changed known_hosts:1',
      undefined,
      2222,
    ],
    [
      'the same with the pinned key behind it',
      line('web-1.example.com') + line('[web-*]:2222', other),
      'changed known_hosts:2',
      undefined,
      2222,
    ],
    [
      'an authority for the port, and an entry without one',
      `@cert-authority ${line('[web-1.example.com]:2222', other)}` + line('web-1.example.com'),
      'known',
      undefined,
      2222,
    ],
    [
      'another key revoked for the port, and an entry without one',
      `@revoked ${line('[web-1.example.com]:2222', other)}` + line('web-1.example.com'),
      'known',
      undefined,
      2222,
    ],
    [
      'a key revoked for the port, and an entry without one',
      `@revoked ${line('[web-1.example.com]:2222')}` + line('web-1.example.com'),
      'revoked known_hosts:1',
      undefined,
      2222,
    ],
    [
      'a key revoked for the name, and pinned for the port',
      `@revoked ${line('web-1.example.com')}` + line('[web-1.example.com]:2222'),
      'revoked known_hosts:1',
      undefined,
      2222,
    ],
    ['a negation of the name without the port', line('*,!web-1.example.com'), 'known', undefined, 2222],
    ['a negation of the name with the port', line('*,![web-1.example.com]:2222'), 'known', undefined, 2222],
    ['a key of another type without the port', line('web-1.example.com', other, 'ssh-rsa'), 'unknown', undefined, 2222],
    [
      'another port with another key in the entry without one',
      line('web-1.example.com', other),
      'unknown',
      undefined,
      2222,
    ],
    ['wildcards with a port', line('[10.0.*]:2222'), 'known', '10.0.0.7', 2222],
    ['a hashed name', line(hashed('web-1.example.com')), 'known'],
    ['a hashed name with a port', line(hashed('[web-1.example.com]:2222')), 'known', undefined, 2222],
    ['another hashed name', line(hashed('web-2.example.com')), 'unknown'],
    ['a hash of an unknown kind', line('|2|AAAA|BBBB'), 'unknown'],
    ['IPv6', line('2001:db8::1'), 'known', '2001:DB8::1'],
    ['a changed key', `# first\n\n${line('web-1.example.com', other)}`, 'changed known_hosts:3'],
    ['a changed key beside the right one', line('web-1.example.com', other) + line('web-*', key), 'known'],
    ['a key of another type only', line('web-1.example.com', other, 'ssh-rsa'), 'changed known_hosts:1'],
    ['a revoked key', `@revoked ${line('*')}`, 'revoked known_hosts:1'],
    ['a revoked key that is also known', line('web-1.example.com') + `@revoked ${line('*')}`, 'revoked known_hosts:2'],
    ['another key that is revoked', line('web-1.example.com') + `@revoked ${line('*', other)}`, 'known'],
    ['a certificate authority', `@cert-authority ${line('*')}`, 'unknown'],
    ['a marker that does not exist', `@unheard-of ${line('*')}`, 'unknown'],
    [
      'damaged lines',
      'web-1.example.com\nweb-1.example.com ssh-ed25519\nweb-1.example.com ssh-ed25519 !!!\n',
      'unknown',
    ],
    [
      'carriage returns, tabs and spaces',
      `  ${line('web-1.example.com').replace(' ', '\t ').replace('\n', '\r\n')}`,
      'known',
    ],
  ])('%s', (_title, text, expected, address, port) => {
    expect(judge(text, address, port)).toBe(expected);
  });

  it('writes names as OpenSSH does', () => {
    expect([knownHostName('Web', 22), knownHostName('web', 2222), knownHostName('::1', 22)]).toEqual([
      'web',
      '[web]:2222',
      '::1',
    ]);
  });
});
