import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main, plimsoll } from '../support/plimsoll.ts';
import { startTestSshServer, type TestSshServer } from '../support/ssh-server.ts';

const token = "t0ken 'with' $(quotes) \\ and more";
const filed = 'from-a-file-4711';
const commanded = 'from-a-command-4712';
const all = [
  token,
  filed,
  commanded,
  Buffer.from(token).toString('base64'),
  Buffer.from(filed).toString('base64'),
  JSON.stringify(token).slice(1, -1),
];

const playbook = `
hosts: all
vars:
  token: { secret: { env: TOKEN } }
  deep: { token: "\${{ vars.token }}", other: { secret: { file: token.txt } } }
steps:
  - name: Reads
    command: { argv: [sh, -c, 'printf "%s|" "$(cat)"; printf "%s|" "$A" "$B" | base64'], stdin: "\${{ vars.token }}", env: { A: "\${{ vars.deep.other }}", B: plain }, read_only: true }
    register: read
  - name: Gives by standard input
    command: { argv: [sh, -c, 'cat > "$1"; cat "$1"; tr "\\\\0" " " < /proc/$$/cmdline; cat /proc/[0-9]*/cmdline >/tmp/none 2>/dev/null || :', x, DIR/stdin], stdin: "\${{ vars.deep.token }}" }
  - name: Gives by environment
    script:
      text: 'printf "%s|%s|%s" "$A" "$B" "$C" > "$1"; cat "$1"; printf %s "$A" | base64'
      args: [DIR/env, "\${{ read.stdout }}"]
      env: { A: "\${{ vars.token }}", B: { secret: { file: token.txt } }, C: "\${{ vars.given }}" }
  - name: May fail
    command: { argv: [sh, -c, 'cat >"$1"; [ -e DIR/go ] || exit 3', x, DIR/last], stdin: "\${{ vars.given }}" }
`;

describe('secret variables', () => {
  let server: TestSshServer;
  let directory: string;
  let state: string;
  const path = (name: string): string => join(directory, name);
  const environment = { TOKEN: token };

  beforeAll(async () => {
    server = await startTestSshServer();
    directory = mkdtempSync(join(tmpdir(), 'plimsoll-secrets-'));
    state = path('state-of-host');
    writeFileSync(path('playbook.yaml'), playbook.replaceAll('DIR', directory));
    writeFileSync(path('token.txt'), `${filed}\n`);
    writeFileSync(
      path('inventory.yaml'),
      JSON.stringify({
        hosts: {
          web: {
            address: server.address,
            port: server.port,
            user: 'root',
            identity_file: server.identityFile,
            known_hosts_file: server.knownHostsFile,
            agent: false,
            state_directory: state,
          },
        },
      }),
    );
  });
  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = (args: readonly string[], env: NodeJS.ProcessEnv = environment) =>
    plimsoll([...args, '-i', path('inventory.yaml')], { XDG_STATE_HOME: path('laptop'), HOME: directory, ...env });
  const given = ['-e', `given={"secret":{"command":["sh","-c","echo ${commanded}"]}}`];
  const textsIn = (place: string): string =>
    existsSync(place)
      ? readdirSync(place, { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((file) => readFileSync(join(file.parentPath, file.name), 'utf8'))
          .join('\n')
      : '';
  function expectNone(text: string): void {
    for (const form of all) expect(text).not.toContain(form);
  }

  it('reach the programs, and nothing else: no output, no plan, no journal, no record on the host; resume fetches them again', async () => {
    const planned = await run([
      'plan',
      path('playbook.yaml'),
      '--allow-read-only-programs',
      ...given,
      '-o',
      path('saved.plan.json'),
      '-v',
    ]);
    expect(planned.code, planned.stdout + planned.stderr).toBe(0);
    expect(planned.stdout).toContain('# with a secret on its standard input, from the environment variable TOKEN');
    expect(planned.stdout).toContain('A=*** ');
    expect(planned.stderr).toContain(`runs on this machine for a secret: sh -c 'echo ${commanded}'`);
    expect(statSync(path('saved.plan.json')).mode & 0o777).toBe(0o600);
    expectNone(planned.stdout + readFileSync(path('saved.plan.json'), 'utf8').replaceAll(`echo ${commanded}`, ''));

    const failed = await run(['apply', path('saved.plan.json'), '--yes', '--output', 'json', '-v']);
    expect(failed.code, failed.stdout + failed.stderr).toBe(1);
    expect(failed.stdout).toContain('"type":"secret.command"');
    expect(readFileSync(path('stdin'), 'utf8')).toBe(token);
    expect(readFileSync(path('env'), 'utf8')).toBe(`${token}|${filed}|${commanded}`);
    const without = (text: string): string => text.replaceAll(`echo ${commanded}`, '');
    expectNone(without(failed.stdout));
    expectNone(without(textsIn(path('laptop'))));
    const onHost = textsIn(state);
    for (const file of ['.script', '.status']) {
      const found = readdirSync(state, { recursive: true, withFileTypes: true }).filter(({ name }) =>
        name.endsWith(file),
      );
      expect(found.length).toBeGreaterThan(0);
      for (const entry of found) expectNone(without(readFileSync(join(entry.parentPath, entry.name), 'utf8')));
    }
    expect(onHost).toContain('plimsoll_secret_0');

    writeFileSync(path('go'), '');
    const missing = await run(['resume', '--yes'], { TOKEN: '' });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toMatch(
      /playbook\.yaml:\d+:\d+: web: a secret variable is to come from the environment variable TOKEN, which is not set/,
    );
    const resumed = await run(['resume', '--yes', '--no-secret-commands']);
    expect(resumed.code).toBe(2);
    expect(resumed.stderr).toContain('--no-secret-commands is given');
    rmSync(path('last'), { force: true });
    const done = await run(['resume', '--yes']);
    expect(done.code, done.stdout + done.stderr).toBe(0);
    expect(readFileSync(path('last'), 'utf8')).toBe(commanded);
    expectNone(without(done.stdout + textsIn(path('laptop'))));
  });

  it('of what goes on on a host are taken out of what a rollback follows; it is refused where one cannot be fetched, unless nothing needs it', async () => {
    writeFileSync(
      path('slow.yaml'),
      `hosts: all
vars: { token: { secret: { env: TOKEN } } }
steps:
  - command: { argv: [sh, -c, 'cat; echo; echo begun; sleep 600'], stdin: "\${{ vars.token }}" }
`,
    );
    const laptop = { XDG_STATE_HOME: path('other-laptop'), HOME: directory };
    const child = spawn(
      process.execPath,
      [main, 'apply', path('slow.yaml'), '--yes', '--output', 'json', '-i', path('inventory.yaml')],
      { env: { ...process.env, ...laptop, ...environment }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let said = '';
    for await (const text of child.stdout.setEncoding('utf8')) {
      said += String(text);
      if (said.includes('"action.output"')) break;
    }
    child.kill('SIGKILL');
    const [id = ''] = readdirSync(path('other-laptop/plimsoll/runs'));
    const refused = await run(['rollback', id, '--yes'], { ...laptop, TOKEN: '' });
    expect(refused.code, refused.stdout + refused.stderr).toBe(2);
    expect(refused.stderr).toMatch(
      /slow\.yaml:4:\d+: web: a secret variable is to come from the environment variable TOKEN, which is not set/,
    );
    const rolledBack = await run(['rollback', id, '--yes', '-v'], { ...laptop, ...environment });
    expect(rolledBack.code, rolledBack.stdout + rolledBack.stderr).toBe(0);
    expect(rolledBack.stdout).toContain('cannot be undone: run: sh');
    expectNone(said + rolledBack.stdout + rolledBack.stderr + textsIn(path('other-laptop')));
    // What cannot be undone, and has ended, needs none.
    expect((await run(['rollback', id, '--yes'], { ...laptop, TOKEN: '' })).code).toBe(0);
  });

  it.each([
    [
      'an argument',
      'command: [echo, "${{ vars.token }}"]',
      /:5:\d+: expression: vars\.token is a secret variable, and a secret may only be/,
    ],
    [
      'a part of a text',
      'command: { argv: [cat], stdin: "x${{ vars.token }}" }',
      /:5:\d+: expression: vars\.token is a secret variable/,
    ],
    ['a path', 'command: { argv: [cat], chdir: "${{ vars.token }}" }', /vars\.token is a secret variable/],
    ['a script', 'script: "echo ${{ vars.token }}"', /vars\.token is a secret variable/],
    [
      'a condition',
      'command: [id]\n    when: vars.token == "x"',
      /:6:\d+: expression: vars\.token is a secret variable/,
    ],
    ['a condition on all of them', 'command: [id]\n    when: size(vars) > 0', /vars holds a secret variable/],
    [
      'a loop',
      'command: { argv: [cat], stdin: "${{ item }}" }\n    loop: ["${{ vars.token }}"]',
      /vars\.token is a secret variable/,
    ],
    ['something around it', 'command: { argv: [cat], stdin: "${{ vars }}" }', /vars holds a secret variable/],
    [
      'a secret that is written there',
      'command: { argv: [echo, { secret: { env: X } }] }',
      /a secret may only be the whole of stdin/,
    ],
    [
      'no secret',
      'command: { argv: [cat], stdin: { secret: { envv: X } } }',
      /a secret is \{ secret: \{ env: NAME \} \}/,
    ],
    ['another operation', 'assert: { that: "${{ vars.token != null }}" }', /vars\.token is a secret variable/],
  ])('are refused as %s, with the place', async (_what, step, message) => {
    writeFileSync(
      path('wrong.yaml'),
      `hosts: all\nvars: { token: { secret: { env: TOKEN } } }\nsteps:\n  -\n    ${step}\n`,
    );
    const { code, stdout, stderr } = await run(['plan', path('wrong.yaml')]);
    expect(stderr + stdout).toMatch(message);
    expect(code).toBe(2);
    expectNone(stdout + stderr);
  });

  it('that are written out are none', async () => {
    writeFileSync(path('plain.yaml'), 'hosts: all\nvars: { token: { secret: hunter2 } }\nsteps:\n  - command: [id]\n');
    expect((await run(['validate', path('plain.yaml')])).stderr).toMatch(
      /:2:\d+: a secret is .* written out like this it is none/,
    );
    expect((await run(['plan', path('playbook.yaml'), '-e', 'given.secret=hunter2'])).stderr).toContain(
      '--var given: a secret is',
    );
  });

  it('and passwords in plain text are warned of, with their places and the mode of the file', async () => {
    const file = path('plain-inventory.yaml');
    writeFileSync(file, 'defaults:\n  password: hunter2\nhosts:\n  a: {}\n  b: { become_password: abc }\n');
    chmodSync(file, 0o644);
    const { stderr, code } = await plimsoll(['inventory', '-i', file]);
    expect(code).toBe(0);
    expect(
      stderr.match(
        /warning: .*:2: password is a secret in plain text.*others may read the file \(mode 0644\): chmod 600/g,
      ),
    ).toHaveLength(1);
    expect(stderr).toMatch(/warning: .*:5: become_password is a secret in plain text/);
    writeFileSync(path('id.yaml'), 'hosts: all\nsteps:\n  - command: [id]\n');
    for (const playbooks of [['id.yaml'], ['id.yaml', 'plain.yaml']]) {
      const validated = await plimsoll(['validate', ...playbooks.map(path), '-i', file]);
      expect(validated.stderr.match(/warning: .*:2: password is a secret in plain text.*chmod 600/g)).toHaveLength(1);
      expect(validated.code).toBe(playbooks.length === 1 ? 0 : 2);
    }
    writeFileSync(path('hosts.ini'), 'a ansible_become_password=hunter2\n', { mode: 0o600 });
    const ini = await plimsoll(['inventory', '-i', path('hosts.ini')]);
    expect(ini.stderr).toMatch(/warning: .*hosts\.ini:1: become_password is a secret in plain text[^;]*\n/);
    expect(ini.stderr).not.toContain('hunter2');
  });
});
