import { describe, expect, it } from 'vitest';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { program } from '../../../src/cli/program.ts';
import type { World } from '../../../src/cli/world.ts';
import { laptop } from '../../config/io.ts';
import { keptScreens } from '../../support/kept-screens.ts';

const files = {
  'i.yaml': `hosts:
  web-1: { address: 10.0.0.1, become: true }
  db: { proxy_jump: web-1 }
  odd: { user: "a;b" }
groups: { all-of-web: { hosts: [web-1] } }
`,
  ansible: 'web ansible_port=7\n[web]\nweb\nother ansible_port=http\n',
};

interface Shown {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly string[];
}

/** With an ssh that has a user for everybody. */
async function inventory(...argv: readonly string[]): Promise<Shown> {
  const { text, screen } = keptScreens();
  const asked: string[] = [];
  const world: World = {
    io: laptop({
      files,
      ssh: (args) => {
        const name = args.at(-1) ?? '';
        asked.push(name);
        const given = args.join(' ');
        const hostName = /HostName=(\S+)/.exec(given)?.[1] ?? name;
        const user = given.includes('-F none') ? 'ada' : 'ops';
        const stdout = `user ${user}\nhostname ${hostName}\nport ${/-p (\d+)/.exec(given)?.[1] ?? '22'}\n`;
        const stderr = `debug1: Reading configuration data /c\ndebug1: /c line 3: Applying options for ${name}\n`;
        return Promise.resolve({ status: 0, stdout, stderr });
      },
    }),
    out: screen('out'),
    err: screen('err'),
    interrupts: new Interrupts(),
    agentSocket: undefined,
    stateDirectory: '/none',
    who: 'ann@laptop',
    interactive: false,
    ask: () => Promise.reject(new Error('nobody is asked')),
  };
  const code = await program(world).run(['inventory', '--ssh-config', '/c', ...argv]);
  return { code, ...text, asked };
}

describe('plimsoll inventory', () => {
  it('shows of all hosts what is used, with what ssh knows, and who is not worked on', async () => {
    const { code, out } = await inventory('-i', 'i.yaml');
    expect(code).toBe(0);
    expect(out).toContain('web-1  ops@10.0.0.1:22  all-of-web\n');
    expect(out).toContain('db     ops@db:22  \n');
    expect(out).toMatch(/odd .*\n +cannot be worked on: your ssh is not asked about it, since "a;b" is no plain name/);
  });

  it('shows of one host where each value comes from, and of whom it is behind', async () => {
    const { out } = await inventory('db', '-i', 'i.yaml');
    expect(out).toMatch(/^ {2}user +ops +\(ssh config\)$/m);
    expect(out).toMatch(/^ {2}port +22 +\(default\)$/m);
    expect(out).toMatch(/^ {2}proxy_jump +web-1 +\(i\.yaml:3\)$/m);
    expect(out).toMatch(/^ {2}ssh config: \/c line 3: Applying options for db$/m);
    expect(out).toMatch(/^db is behind web-1\n {2}address +10\.0\.0\.1 +\(i\.yaml:2\)$/m);
  });

  it('the same for programs', async () => {
    const { out } = await inventory('db', '-i', 'i.yaml', '--json');
    expect(JSON.parse(out)).toMatchObject({
      db: {
        address: 'db',
        user: 'ops',
        become: 'none',
        way: [
          { name: 'db', values: { user: { value: 'ops', from: 'ssh config' } } },
          { name: 'web-1', values: { address: { value: '10.0.0.1', from: 'i.yaml:2' } } },
        ],
      },
    });
  });

  it('means the group by the name of both, and says what is not understood, of which ssh is not asked', async () => {
    const { out, asked } = await inventory('web', '-i', 'ansible');
    expect(out.split('\n')).toHaveLength(4);
    expect(out).toContain('web    ops@web:7  web\n');
    expect(out).toContain('cannot be worked on: ansible:4: ansible_port is "http"');
    expect(asked).not.toContain('other');
  });

  it('asks nobody with --ssh-config none', async () => {
    const { out, asked } = await inventory('-i', 'i.yaml', '--ssh-config', 'none');
    expect(asked).toEqual([]);
    expect(out).toContain('db     ada@db:22  \n');
  });
});
