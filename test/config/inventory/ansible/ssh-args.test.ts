import { describe, expect, it } from 'vitest';
import { readSshArgs } from '../../../../src/config/inventory/ansible/ssh-args.ts';

describe('options of ssh', () => {
  it.each([
    ['', { identityFiles: [] }],
    ['-C -o ControlMaster=auto -o ControlPersist=60s -oServerAliveInterval=5 -tt -A', { identityFiles: [] }],
    ['-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null', { identityFiles: [] }],
    ['-o UserKnownHostsFile=keys/known', { identityFiles: [], knownHostsFiles: ['keys/known'] }],
    ['-J jump', { identityFiles: [], hops: [{ host: 'jump', identityFiles: [] }] }],
    ['-Jme@jump:2201', { identityFiles: [], hops: [{ host: 'jump', user: 'me', port: 2201, identityFiles: [] }] }],
    [
      '-o ProxyJump=a,ssh://b@[2001:db8::1]:22',
      {
        identityFiles: [],
        hops: [
          { host: 'a', identityFiles: [] },
          { host: '2001:db8::1', user: 'b', port: 22, identityFiles: [] },
        ],
      },
    ],
    ['-o "ProxyJump none"', { identityFiles: [], hops: [] }],
    [
      '-o ProxyCommand="ssh -i ~/.ssh/b.pem -W %h:%p -q jump@203.0.113.7 -p 2201"',
      { identityFiles: [], hops: [{ host: '203.0.113.7', user: 'jump', port: 2201, identityFiles: ['~/.ssh/b.pem'] }] },
    ],
    [
      `-o ProxyCommand='ssh -l me -o Port=7 -o ProxyCommand="ssh -W %h:%p first" -W [%h]:%p second'`,
      {
        identityFiles: [],
        hops: [
          { host: 'first', identityFiles: [] },
          { host: 'second', user: 'me', port: 7, identityFiles: [] },
        ],
      },
    ],
    [
      '-o ProxyCommand="exec ssh gate nc -w 10 %h %p"',
      { identityFiles: [], hops: [{ host: 'gate', identityFiles: [] }] },
    ],
    ['-p 2222 -l ops -i a -i b', { identityFiles: ['a', 'b'], user: 'ops', port: 2222 }],
    ['-o User=one -l two -o IdentitiesOnly=yes', { identityFiles: [], user: 'one', identitiesOnly: true }],
  ])('%s', (text, read) => {
    expect(readSshArgs(text)).toEqual(read);
  });

  it.each([
    ['-F other_config', 'the option -F other_config is not understood'],
    ['-b 10.0.0.1', 'the option -b 10.0.0.1 is not understood'],
    ['-o HostName=other', 'the option -o HostName=other is not understood'],
    ['-o HostKeyAlias=x', 'is not understood'],
    ['-o CertificateFile=x', 'is not understood'],
    ['-Z', 'the option -Z is not understood'],
    ['-o ProxyCommand="nc -X 5 -x proxy:1080 %h %p"', 'is not understood; what is: ssh -W %h:%p [user@]bastion'],
    ['-o ProxyCommand="ssh -W other:22 gate"', 'is not understood'],
    ['-o ProxyCommand="ssh gate sh -c x"', 'is not understood'],
    ['-p http', '"http" is no port'],
    ['-J a/b', 'is not [user@]host[:port]'],
    ['-J', 'lacks its value'],
    ['host', '"host" is no option of ssh'],
    ['-o "x', 'a quote (") is not closed'],
  ])('refuses %s', (text, why) => {
    expect(() => readSshArgs(text)).toThrow(why);
  });
});
