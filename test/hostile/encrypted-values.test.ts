import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encrypted, newPair, type Pair } from '../config/age/pairs.ts';
import { plimsoll, type Ran } from '../support/plimsoll.ts';
import { startTestSshServer, type TestSshServer } from '../support/ssh-server.ts';

const password = 'login-with-4711 "quoted"';
const ofInventory = 'var of the inventory \\ 4712';
const ofPlaybook = 'var-of-the-playbook-4713';
const forms = [password, ofInventory, ofPlaybook].flatMap((text) => [
  text,
  JSON.stringify(text).slice(1, -1),
  Buffer.from(text).toString('base64'),
]);

/** Looks into the arguments and the environment of every process that there is while something is done. */
async function watched(work: Promise<Ran>): Promise<Ran & { readonly seen: readonly string[] }> {
  const seen: string[] = [];
  const look = (): void => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
      for (const file of ['cmdline', 'environ']) {
        try {
          const text = readFileSync(`/proc/${pid}/${file}`, 'utf8');
          seen.push(...forms.filter((form) => text.includes(form)).map((form) => `${file}: ${form}`));
        } catch {
          // It has ended, or is not ours.
        }
      }
  };
  const looking = setInterval(look, 150);
  try {
    return { ...(await work), seen };
  } finally {
    clearInterval(looking);
  }
}

describe('encrypted values', () => {
  let server: TestSshServer;
  let directory: string;
  let mine: Pair;
  let other: Pair;
  const path = (name: string): string => join(directory, name);

  beforeAll(async () => {
    server = await startTestSshServer({ password });
    directory = mkdtempSync(join(tmpdir(), 'plimsoll-encrypted-'));
    [mine, other] = await Promise.all([newPair(), newPair()]);
    writeFileSync(path('key.txt'), mine.file, { mode: 0o600 });
    writeFileSync(path('other.txt'), other.file, { mode: 0o600 });
    writeFileSync(
      path('inventory.yaml'),
      JSON.stringify(
        {
          age_identities: 'key.txt',
          hosts: {
            web: {
              address: server.address,
              port: server.port,
              user: 'root',
              password: { age: await encrypted(password, mine.recipient) },
              known_hosts_file: server.knownHostsFile,
              agent: false,
              state_directory: path('state-of-host'),
              vars: { token: { secret: { age: await encrypted(ofInventory, mine.recipient) } } },
            },
          },
        },
        undefined,
        1,
      ),
    );
    const armour = (await encrypted(ofPlaybook, mine.recipient)).trimEnd().replaceAll('\n', '\n        ');
    writeFileSync(
      path('playbook.yaml'),
      `hosts: all
vars:
  own:
    secret:
      age: |
        ${armour}
steps:
  - command: { argv: [sh, -c, 'cat > "$1"; cat "$1"; sleep 1', x, ${path('one')}], stdin: "\${{ vars.token }}" }
  - command: { argv: [sh, -c, 'cat > "$1"; cat "$1"; [ -e ${path('go')} ] || exit 3', x, ${path('two')}], stdin: "\${{ vars.own }}" }
  - command: { argv: [cat], stdin: "\${{ vars.token }}" }
`,
    );
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = async (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    watched(
      plimsoll([...args, '-i', path('inventory.yaml')], { XDG_STATE_HOME: path('laptop'), HOME: directory, ...env }),
    );
  const textsIn = (place: string, ends = ''): string =>
    existsSync(place)
      ? readdirSync(place, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile() && entry.name.endsWith(ends))
          .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
          .join('\n')
      : '';
  const expectNone = ({ stdout, stderr, seen }: Awaited<ReturnType<typeof run>>): void => {
    expect(seen).toEqual([]);
    // What the programs themselves print of it is kept on the host, as everything that they print.
    const onHost = ['.script', '.status'].map((ends) => textsIn(path('state-of-host'), ends));
    const everything = [stdout, stderr, textsIn(path('laptop')), ...onHost].join('\n');
    expect(forms.filter((form) => everything.includes(form))).toEqual([]);
  };

  it('log in and reach the programs; no plan, journal, event, argument or environment has more than what is encrypted', async () => {
    const planned = await run(['plan', path('playbook.yaml'), '-o', path('laptop-plan.json'), '-v']);
    expect(planned.code, planned.stdout + planned.stderr).toBe(0);
    expect(planned.stdout).toContain('# with a secret on its standard input, from an encrypted value');
    expect(planned.stderr).toContain(`reads on this machine for age_identities: ${path('key.txt')} (`);
    expectNone(planned);
    const plan = readFileSync(path('laptop-plan.json'), 'utf8');
    for (const form of forms) expect(plan).not.toContain(form);
    expect(plan).toContain('BEGIN AGE ENCRYPTED FILE');

    const failed = await run(['apply', path('laptop-plan.json'), '--yes', '--output', 'json', '-v']);
    expect(failed.code, failed.stdout + failed.stderr).toBe(1);
    expect(readFileSync(path('one'), 'utf8')).toBe(ofInventory);
    expect(readFileSync(path('two'), 'utf8')).toBe(ofPlaybook);
    expectNone(failed);

    // The inventory's own file of keys is not read where the operator names one.
    const refused = await run(['resume', '--yes', '--identity', path('other.txt')]);
    expect(refused.code).toBe(2);
    const armoured = readFileSync(path('inventory.yaml'), 'utf8')
      .split('\n')
      .findIndex((line) => line.includes('secret'));
    for (const message of [
      /inventory\.yaml:\d+:\d+: web: password is encrypted, and cannot be opened: \S+other\.txt has no key for it; name another/,
      new RegExp(
        `playbook\\.yaml:\\d+:\\d+: web: a secret variable \\(\\S+inventory\\.yaml:${String(armoured + 2)}\\) is encrypted`,
      ),
      /playbook\.yaml:\d+:\d+: web: a secret variable \(\S+playbook\.yaml:6\) is encrypted, and cannot be opened/,
    ])
      expect(refused.stderr).toMatch(message);
    expectNone(refused);

    // What is encrypted anew is another secret to what was planned with the old one: a plan gives none that the files do not give.
    const then = readFileSync(path('inventory.yaml'));
    const rekeyed = await plimsoll([
      ...['secret', 'rekey', path('inventory.yaml'), path('playbook.yaml')],
      ...['--identity', path('key.txt'), '--recipient', mine.recipient, '--recipient', other.recipient, '--yes'],
    ]);
    expect(rekeyed.code, rekeyed.stderr).toBe(0);
    writeFileSync(path('go'), '');
    rmSync(path('two'));
    const anew = await run(['resume', '--yes']);
    expect(anew.code, anew.stdout).toBe(4);
    expect(anew.stdout).toContain('it was encrypted anew since this was planned (plimsoll secret edit, or rekey)');
    expectNone(anew);
    const drifted = await run(['apply', path('laptop-plan.json'), '--yes']);
    expect([drifted.code, drifted.stdout]).toEqual([5, expect.stringContaining('secret')]);
    expectNone(drifted);
    writeFileSync(path('inventory.yaml'), then);
    const done = await run(['resume', '--yes', '-v'], { PLIMSOLL_AGE_IDENTITY: path('key.txt') });
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(done.stderr).not.toContain('age_identities');
    expect(readFileSync(path('two'), 'utf8')).toBe(ofPlaybook);
    expectNone(done);
  });

  it('that are not whole are refused without any key, all of them with their places', async () => {
    const damaged = (text: string): string => text.replace(/^( +)YWdl/m, '$1YW!l');
    const playbook = damaged(readFileSync(path('playbook.yaml'), 'utf8'));
    writeFileSync(
      path('damaged.yaml'),
      playbook.replace('stdin: "${{ vars.own }}"', 'stdin: { secret: { age: none } }'),
    );
    writeFileSync(
      path('damaged-inventory.yaml'),
      'hosts:\n  a:\n    password:\n      age: |\n        -----BEGIN AGE ENCRYPTED FILE-----\n        YWdl\n  b: { become_password: { age: hunter2 } }\n',
    );
    const { code, stderr, stdout } = await plimsoll([
      'validate',
      path('damaged.yaml'),
      '-i',
      path('damaged-inventory.yaml'),
    ]);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /damaged-inventory\.yaml:4:\d+: .*this value is encrypted and not whole: its last line is not/,
    );
    expect(stderr).toMatch(/damaged-inventory\.yaml:7:\d+: .*this value is none that age has encrypted/);
    expect(stderr).toMatch(/damaged\.yaml:5:\d+: .*this value is encrypted and damaged: line 2 of it/);
    expect(stderr).toMatch(/damaged\.yaml:\d+:\d+: .*this value is none that age has encrypted/);
    expect(stdout + stderr).not.toContain('hunter2');
  });
});
