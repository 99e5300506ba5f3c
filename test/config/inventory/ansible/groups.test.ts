import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../../../src/config/inventory/inventory.ts';
import { matchPattern } from '../../../../src/config/inventory/select.ts';
import { issuesOf, laptop, printIssue } from '../../io.ts';

async function read(text: string, file = 'i') {
  return await loadInventory([file], laptop({ files: { [file]: text } }));
}

describe('of several groups', () => {
  it.each([
    ['the later name wins', '[a]\nh\n[b]\nh\n[a:vars]\nv=a\n[b:vars]\nv=b\n', 'b'],
    ['the higher priority', '[a]\nh\n[b]\nh\n[a:vars]\nv=a\nansible_group_priority=2\n[b:vars]\nv=b\n', 'a'],
    [
      'the deeper one, whatever its name and priority',
      '[a]\nh\n[z]\nh\n[p:children]\na\n[a:vars]\nv=a\n[z:vars]\nv=z\nansible_group_priority=9\n',
      'a',
    ],
    ['one of the groups over all', '[a]\nh\n[a:vars]\nv=a\n[all:vars]\nv=all\n', 'a'],
    ['ungrouped over all', 'h\n[ungrouped:vars]\nv=u\n[all:vars]\nv=all\n', 'u'],
    [
      'the depth is that of the longest way',
      '[p:children]\nq\n[q:children]\nr\n[r]\nh\n[b:children]\nr\n[s:children]\nt\n[t]\nh\n[r:vars]\nv=r\n[t:vars]\nv=t\n',
      'r',
    ],
    ['the host itself', '[a]\nh v=own\n[a:vars]\nv=a\n', 'own'],
    ['what is said of the host last', '[a]\nh v=1\n[b]\nh v=2\n', 2],
  ])('%s', async (_what, text, value) => {
    expect((await read(text)).hosts.get('h')?.vars['v']).toBe(value);
  });
});

describe('a name', () => {
  it('of a host that a group has, too, means the group in patterns, and is a host of its own', async () => {
    const { hosts, groups } = await read('[nas]\nnas\nother\n');
    expect([...hosts.keys()]).toEqual(['nas', 'other']);
    expect([...matchPattern({ hosts, groups }, 'nas').hosts]).toEqual(['nas', 'other']);
  });

  it('that is an address of IPv6 can be selected', async () => {
    const { hosts, groups } = await read('[six]\n2001:db8::1\n[2001:db8::2]:2222\n');
    expect([
      ...matchPattern({ hosts, groups }, 'six:!2001:db8::2, !2001:db8::2').mistakes.map(({ message }) => message),
    ]).not.toEqual([]);
    expect([...matchPattern({ hosts, groups }, 'six,!2001:db8::2').hosts]).toEqual(['2001:db8::1']);
    expect([...matchPattern({ hosts, groups }, '2001:db8::2').hosts]).toEqual(['2001:db8::2']);
  });

  it('that cannot be one here stops that host only', async () => {
    const { hosts } = await read('good\nbad/name\n');
    expect(hosts.get('good')?.troubles).toBeUndefined();
    expect(hosts.get('bad/name')?.troubles).toMatchObject([
      { file: 'i', line: 2, message: expect.stringContaining('cannot name a host') },
    ]);
  });
});

describe('what Ansible refuses a file for is refused, all of it at once', () => {
  it('INI', async () => {
    const text =
      '[a:kids]\n[web]\nweb1 junk\nweb[3:1]\nweb "open\n[prod:children]\nwbe\nx y\n[lost:vars]\nnothing\n[a:children]\nb\n[b:children]\na\n[a b]\n';
    expect((await issuesOf(read(text))).map((issue) => printIssue(issue).split('\n')[0])).toEqual([
      'i:1:1: this is no section: write [a], [a:children] or [a:vars]',
      'i:3:6: after a host there is name=value, not "junk"',
      'i:4:1: "web[3:1]": the range [3:1] runs backwards: write the smaller bound first',
      'i:5:1: a quote (") is not closed',
      'i:7:1: there is no group "wbe": write [wbe] with its hosts, or correct the name',
      'i:8:1: [prod:children] holds names of groups, one a line, and nothing else',
      'i:9:1: [lost:vars] is about a group that is nowhere: write [lost] with its hosts, or correct the name',
      'i:10:1: [lost:vars] holds name=value, and there is no "=" here',
      'i:14:1: these groups contain each other: b → a → b',
      'i:15:1: this is no section: write [group], [group:children] or [group:vars], without blanks',
    ]);
  });

  it('YAML', async () => {
    const text =
      'all:\n  hosts: [a]\n  children:\n    web: [b]\n    p: {children: {q: {children: {p: }}}}\n    x: {hosts: {"y[1:": , z: 5}}\n';
    expect((await issuesOf(read(text, 'i.yaml'))).map((issue) => printIssue(issue).split('\n')[0])).toEqual([
      'i.yaml:2:3: hosts of the group "all" is to be a mapping',
      'i.yaml:4:5: "web" is to be a group: a mapping with hosts, children or vars',
      expect.stringMatching(/^i\.yaml:5:\d+: these groups contain each other: /),
      'i.yaml:6:17: "y[1:": a range is not closed with "]"',
      'i.yaml:6:27: what is said of "z" is to be a mapping of variables',
    ]);
  });
});

describe('YAML as Ansible reads it', () => {
  it('with merges, aliases, twice the same key, tags, and names instead of mappings', async () => {
    const { hosts, warnings } = await read(
      `all:
  vars: &common {ansible_user: ops, flag: yes, octal: 010}
  children:
    web:
      hosts: w1
    db:
      vars: {<<: *common, ansible_user: db, ansible_user: later}
      hosts:
        d1: {ansible_host: !unsafe 10.0.0.1, token: !vault "$ANSIBLE_VAULT;1.1"}
  typo: {}
`,
      'i.yaml',
    );
    expect(hosts.get('w1')).toMatchObject({ groups: ['web'], target: { user: 'ops' }, vars: { flag: true, octal: 8 } });
    expect(hosts.get('d1')).toMatchObject({ target: { user: 'later', address: '10.0.0.1' } });
    expect(hosts.get('d1')?.vars).toEqual({ flag: true, octal: 8 });
    expect([...(hosts.get('d1')?.withheld?.keys() ?? [])]).toEqual(['token']);
    expect(warnings.map(({ line, message }) => `${String(line)}: ${message.split(':')[0] ?? ''}`)).toEqual([
      '7: the key "ansible_user" stands twice in this mapping; the later one counts, as Ansible has it',
      '10: "typo" in the group "all" is none of hosts, children and vars',
    ]);
  });
});
