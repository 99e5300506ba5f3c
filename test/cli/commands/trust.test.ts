import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { program } from '../../../src/cli/program.ts';
import type { World } from '../../../src/cli/world.ts';
import { nodeConfigIo } from '../../../src/config/node-io.ts';
import { keptScreens } from '../../support/kept-screens.ts';
import { startTestSshServer, type TestSshServer } from '../../support/ssh-server.ts';

interface Shown {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly questions: readonly string[];
}

describe('plimsoll trust', () => {
  const endings: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of endings.splice(0).reverse()) await end();
  });

  function place(): string {
    const directory = mkdtempSync(join(tmpdir(), 'plimsoll-trust-'));
    endings.push(() => {
      rmSync(directory, { recursive: true });
    });
    return directory;
  }
  async function serve(): Promise<TestSshServer> {
    const server = await startTestSshServer();
    endings.push(() => server.stop());
    return server;
  }
  const lineOf = ({ port, hostKey }: TestSshServer): string => `[127.0.0.1]:${String(port)} ${hostKey}`;

  /** The answer is that of somebody at a terminal; without one nobody is there. */
  async function trust(
    directory: string,
    hosts: Readonly<Record<string, object>>,
    args: readonly string[],
    answer?: string,
  ): Promise<Shown> {
    const inventory = join(directory, 'inventory.yaml');
    const defaults = { agent: false, connect_timeout: '20s', known_hosts_file: join(directory, 'known_hosts') };
    writeFileSync(inventory, JSON.stringify({ defaults, hosts }));
    const { text, screen } = keptScreens();
    const questions: string[] = [];
    const interrupts = new Interrupts();
    const world: World = {
      io: nodeConfigIo({ HOME: directory }, interrupts.stop),
      out: screen('out'),
      err: screen('err'),
      interrupts,
      agentSocket: undefined,
      stateDirectory: join(directory, 'state'),
      who: 'ann@laptop',
      interactive: answer !== undefined,
      ask: (question) => {
        questions.push(question);
        return Promise.resolve(answer ?? '');
      },
    };
    const code = await program(world).run(['trust', '-i', inventory, '--ssh-config', 'none', ...args]);
    return { code, ...text, questions };
  }
  const hostOf = ({ port, identityFile }: TestSshServer): object => ({
    address: '127.0.0.1',
    port,
    user: 'ops',
    identity_file: identityFile,
  });

  it('shows all fingerprints in one table, asks once, and writes what is agreed to beside what is there', async () => {
    const directory = place();
    const [a, b] = [await serve(), await serve()];
    const file = join(directory, 'known_hosts');
    writeFileSync(file, `# mine\n${lineOf(a)}`);
    const { code, out, questions } = await trust(directory, { a: hostOf(a), b: hostOf(b) }, [], 'y');
    expect(code).toBe(0);
    expect(out).toMatch(/^a +127\.0\.0\.1:\d+ +ssh-ed25519 +SHA256:[\w+/]{43} +known$/m);
    expect(out).toMatch(/^b +127\.0\.0\.1:\d+ +ssh-ed25519 +SHA256:[\w+/]{43} +new$/m);
    expect(questions).toEqual([expect.stringContaining(`Write 1 new key to ${file}?`)]);
    expect(readFileSync(file, 'utf8')).toBe(`# mine\n${lineOf(a)}\n${lineOf(b)}\n`);
    expect([a.sessions(), b.sessions()]).toEqual([0, 0]);
    expect((await trust(directory, { a: hostOf(a), b: hostOf(b) }, [])).code).toBe(0);
  });

  it('writes nothing for a no, and asks for a terminal or --yes where there is none', async () => {
    const directory = place();
    const server = await serve();
    const file = join(directory, 'known_hosts');
    expect((await trust(directory, { a: hostOf(server) }, [], 'n')).code).toBe(3);
    await expect(trust(directory, { a: hostOf(server) }, [])).rejects.toMatchObject({
      code: 'usage',
      hint: 'give --yes',
    });
    expect(() => statSync(file)).toThrow('ENOENT');
    expect((await trust(directory, { a: hostOf(server) }, ['--yes'])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(`${lineOf(server)}\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('never writes a key that contradicts the one that is known, whatever is said', async () => {
    const directory = place();
    const [server, other] = [await serve(), await serve()];
    const file = join(directory, 'known_hosts');
    const before = `[127.0.0.1]:${String(server.port)} ${other.hostKey}\n`;
    writeFileSync(file, before);
    const { code, out } = await trust(directory, { a: hostOf(server) }, ['--yes'], 'y');
    expect(code).toBe(3);
    expect(out).toContain(`a: ${file}:1 knows it by another key`);
    expect(out).toContain(`ssh-keygen -R '[127.0.0.1]:${String(server.port)}' -f ${file}`);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('takes the word of a file that is kept in git, and refuses what contradicts it', async () => {
    const directory = place();
    const [good, bad, fresh, other] = [await serve(), await serve(), await serve(), await serve()];
    const trusted = join(directory, 'from-git');
    writeFileSync(trusted, `${lineOf(good)}\n[127.0.0.1]:${String(bad.port)} ${other.hostKey}\n`);
    const hosts = { good: hostOf(good), bad: hostOf(bad), fresh: hostOf(fresh) };
    const { code, out, questions } = await trust(directory, hosts, ['--against', trusted], 'n');
    expect(code).toBe(3);
    expect(out).toMatch(new RegExp(`^good .* vouched for by ${trusted}$`, 'm'));
    expect(out).toContain(`bad: ${trusted}:2 has another key`);
    expect(questions).toEqual([expect.stringContaining('Write 1 new key')]);
    expect(readFileSync(join(directory, 'known_hosts'), 'utf8')).toBe(`${lineOf(good)}\n`);
    await expect(trust(directory, hosts, ['--against', join(directory, 'none')])).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('--against') as unknown,
    });
  });

  it('goes behind a bastion once that is trusted', async () => {
    const directory = place();
    const [gate, inside] = [await serve(), await serve()];
    const hosts = { gate: hostOf(gate), inside: { ...hostOf(inside), proxy_jump: 'gate' } };
    const { code, out, questions } = await trust(directory, hosts, ['inside'], 'yes');
    expect(code).toBe(0);
    expect(out).toContain('inside: it is behind gate, whose key has to be trusted first');
    expect(questions).toHaveLength(2);
    expect(readFileSync(join(directory, 'known_hosts'), 'utf8')).toBe(`${lineOf(gate)}\n${lineOf(inside)}\n`);
  });

  it('says who could not be seen, and who presents one key together; a link stays one', async () => {
    const directory = place();
    const server = await serve();
    const real = join(directory, 'real');
    writeFileSync(real, '');
    symlinkSync(real, join(directory, 'known_hosts'));
    const twin = { ...hostOf(server), address: 'localhost' };
    const away = { address: '127.0.0.1', port: 1, user: 'ops' };
    const { code, out } = await trust(directory, { a: hostOf(server), twin, away }, ['--yes']);
    expect(code).toBe(3);
    expect(out).toMatch(/^away: 127\.0\.0\.1:1 refused the connection\n {2}→ /m);
    expect(out).toContain('one key at several addresses (a, twin)');
    expect(readFileSync(real, 'utf8').split('\n')).toHaveLength(3);
    expect(readFileSync(join(directory, 'known_hosts'), 'utf8')).toContain('[localhost]');
  });
});
