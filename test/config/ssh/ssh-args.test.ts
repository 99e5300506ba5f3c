import { describe, expect, it } from 'vitest';
import { jumpsOfProxyCommand, readSshArgs } from '../../../src/config/ssh/ssh-args.ts';

describe('options of ssh', () => {
  it.each([
    ['', { identityFiles: [] }],
    ['-C -o ControlMaster=auto -o ControlPersist=60s -oServerAliveInterval=5 -tt -A', { identityFiles: [] }],
    ['-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null', { identityFiles: [] }],
    ['-o UserKnownHostsFile=keys/known', { identityFiles: [], knownHostsFiles: ['keys/known'] }],
    ['-J jump', { identityFiles: [], jumps: [{ host: 'jump' }] }],
    ['-Jme@jump:2201', { identityFiles: [], jumps: [{ host: 'jump', user: 'me', port: 2201 }] }],
    [
      '-o ProxyJump=a,ssh://b@[2001:db8::1]:22',
      { identityFiles: [], jumps: [{ host: 'a' }, { host: '2001:db8::1', user: 'b', port: 22, isOutside: true }] },
    ],
    ['-o "ProxyJump none"', { identityFiles: [], jumps: [] }],
    ['-F one -C -F other', { identityFiles: [], config: 'other' }],
    [
      '-o ProxyCommand="ssh -i ~/.ssh/b.pem -W %h:%p -q jump@203.0.113.7 -p 2201"',
      {
        identityFiles: [],
        jumps: [{ host: '203.0.113.7', user: 'jump', port: 2201, identityFiles: ['~/.ssh/b.pem'], config: {} }],
      },
    ],
    [
      `-o ProxyCommand='ssh -l me -o Port=7 -o ProxyCommand="ssh -F x -W %%h:%%p first" -W [%h]:%p you@second'`,
      {
        identityFiles: [],
        jumps: [
          { host: 'first', config: { file: 'x' } },
          { host: 'second', user: 'me', port: 7, config: {} },
        ],
      },
    ],
    ['-o ProxyCommand="exec ssh gate nc -w 10 %h %p"', { identityFiles: [], jumps: [{ host: 'gate', config: {} }] }],
    ['-p 2222 -l ops -i a -i b', { identityFiles: ['a', 'b'], user: 'ops', port: 2222 }],
    ['-o User=one -l two -o IdentitiesOnly=yes', { identityFiles: [], user: 'one', identitiesOnly: true }],
  ])('%s', (text, read) => {
    expect(readSshArgs(text)).toEqual(read);
  });

  it.each([
    ['-l -oProxyCommand=x', '"-oProxyCommand=x" is no user'],
    ['-o User=a$(x)', '"a$(x)" is no user'],
    ['-J "x@-oProxyCommand=y"', 'is no [user@]host[:port]'],
    [
      `-o ProxyCommand='ssh -o ProxyCommand="ssh -W %h:%p first" -W %h:%p second'`,
      'in another ProxyCommand is not understood: write %%h:%%p in it',
    ],
    ['-b 10.0.0.1', 'the option -b 10.0.0.1 is not understood'],
    ['-o HostName=other', 'the option -o HostName=other is not understood'],
    ['-o HostKeyAlias=x', 'is not understood'],
    ['-o CertificateFile=x', 'is not understood'],
    ['-Z', 'the option -Z is not understood'],
    ['-o ProxyCommand="nc -X 5 -x proxy:1080 %h %p"', 'is not understood; what is: ssh -W %h:%p [user@]bastion'],
    ['-o ProxyCommand="ssh -W other:22 gate"', 'is not understood'],
    ['-o ProxyCommand="ssh gate sh -c x"', 'is not understood'],
    ['-p http', '"http" is no port'],
    ['-J a/b', 'is no [user@]host[:port]'],
    ['-J', 'lacks its value'],
    ['host', '"host" is no option of ssh'],
    ['-o "x', 'a quote (") is not closed'],
  ])('refuses %s', (text, why) => {
    expect(() => readSshArgs(text)).toThrow(why);
  });
});

describe('a ProxyCommand that is a ProxyJump', () => {
  const config = {};
  it.each([
    ['ssh -W %h:%p gate', [{ host: 'gate', config }]],
    ['ssh -q -W [%h]:%p ops@gate 2>/dev/null', [{ host: 'gate', user: 'ops', config }]],
    ['exec /usr/bin/ssh gate -p 2222 -l ops -W %h:%p', [{ host: 'gate', user: 'ops', port: 2222, config }]],
    ['ssh -F /etc/fleet/config -W %h:%p gate', [{ host: 'gate', config: { file: '/etc/fleet/config' } }]],
    ['ssh -W %h:%p ops@2001:db8::1', [{ host: '2001:db8::1', user: 'ops', config }]],
    ['ssh gate nc %h %p', [{ host: 'gate', config }]],
    [
      'ssh -i key -J first -W %h:%p gate',
      [
        { host: 'first', config },
        { host: 'gate', identityFiles: ['key'], config },
      ],
    ],
  ])('%s', (command, found) => {
    expect(jumpsOfProxyCommand(command)).toEqual(found);
  });

  it.each([
    'nc %h %p',
    'ssh -W %h:22 gate',
    'ssh -W %h:%p %r@gate',
    'ssh -W %h:%p gate-%h',
    'ssh -i ~/.ssh/%r -W %h:%p gate',
    'ssh -o X=y -W %h:%p gate',
    'ssh -W %h:%p gate; touch x',
    'ssh -W %h:%p gate | tee x',
    'ssh -W %h:%p',
    'sshx -W %h:%p gate',
    'ssh -W %h:%p gate other',
    'ssh -W %h:%p gate:22',
    'ssh -l -x -W %h:%p gate',
    'ssh -F /a$(b) -W %h:%p gate',
    'ssh -W %h:%p $GATE',
  ])('%s is none', (command) => {
    expect(jumpsOfProxyCommand(command)).toBeUndefined();
  });
});
