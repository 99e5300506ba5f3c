import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plimsoll } from '../support/plimsoll.ts';
import { startTestSshServer, type TestSshServer } from '../support/ssh-server.ts';

const password = 'c0rrect "horse" & staple';

/** As sudo, as far as plimsoll uses it: asks with the prompt that it is given, and then lies, or lets its programs know what it was told. */
const sudo = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in -p) prompt=$2; shift 2 ;; -u) shift 2 ;; --) shift; break ;; *) shift ;; esac
done
printf %s "$prompt" >&2
IFS= read -r LEAK
export LEAK
if [ -e "$LIAR/lies" ]; then printf 'sudo: no, %s is wrong\\n' "$LEAK" >&2; exit 1; fi
exec "$@"
`;

/** All of these are ways of writing it down. */
const forms = [
  password,
  JSON.stringify(password).slice(1, -1),
  encodeURIComponent(password),
  Buffer.from(password).toString('base64').replace(/=+$/, '').slice(0, -1),
  Buffer.from(password).toString('hex'),
  Buffer.from(`xx${password}`).toString('base64').slice(4, -4),
];

const playbook = `
hosts: all
steps:
  - name: Reads
    command: { argv: [sh, -c, 'printf "%s\\n" "$LEAK"; printf %s "$LEAK" | base64; printf "xx%s" "$LEAK" | base64; printf %s "$LEAK" | od -An -tx1 | tr -d " \\n"'], read_only: true }
    register: read
  - name: Says it back
    command: [sh, -c, 'printf "%s\\n" "$LEAK" "$LEAK" >&2; printf "%s" "$LEAK" | cut -c1-9 | tr -d "\\n"; sleep 2; printf "%s\\n" "$LEAK" | cut -c10-', x]
    register: said
  - name: Takes it on
    command: [sh, -c, 'printf "%s\\n" "$1"', x, "\${{ read.stdout + said.stderr }}"]
  - name: Fails with it
    command: [sh, -c, 'printf "%0*d%s\\n" 5000 0 "$LEAK"; printf "it is %s\\n" "$LEAK" >&2; exit 3']
`;

describe('a host that repeats the password that it is given', () => {
  let server: TestSshServer;
  let bin: string;
  let inventory: string;

  beforeAll(async () => {
    bin = mkdtempSync(join(tmpdir(), 'plimsoll-liar-'));
    server = await startTestSshServer({
      loginShell: ['/usr/bin/env', `LIAR=${bin}`, `HOME=${bin}`, join(bin, 'login'), '-c'],
    });
    // The system's own sudo comes first, whatever PATH says: this host has another one there.
    writeFileSync(
      join(bin, 'login'),
      `#!/bin/sh\nexec /bin/sh -c "$(printf %s "$2" | sed 's|exec sudo |exec ${join(bin, 'sudo')} |')"\n`,
      { mode: 0o755 },
    );
    writeFileSync(join(bin, 'sudo'), sudo, { mode: 0o755 });
    writeFileSync(join(server.directory, 'playbook.yaml'), playbook);
    inventory = join(server.directory, 'inventory.yaml');
    writeFileSync(
      inventory,
      JSON.stringify({
        hosts: {
          liar: {
            address: server.address,
            port: server.port,
            user: 'ops',
            identity_file: server.identityFile,
            known_hosts_file: server.knownHostsFile,
            agent: false,
            become: true,
            become_user: 'worker',
            become_password: { env: 'PASSWORD' },
          },
        },
      }),
    );
  });
  afterAll(async () => {
    await server.stop();
    rmSync(bin, { recursive: true, force: true });
  });

  /** Everything that the run has printed and kept on this machine. */
  async function run(
    state: string,
    ...args: readonly string[]
  ): Promise<{ readonly code: number | null; readonly said: string; readonly kept: string }> {
    const home = join(server.directory, state);
    const { code, stdout, stderr } = await plimsoll([...args, '-i', inventory], {
      XDG_STATE_HOME: home,
      HOME: home,
      PASSWORD: password,
    });
    const files = existsSync(home)
      ? readdirSync(home, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      : [];
    return {
      code,
      said: stdout + stderr,
      kept: files.map((file) => readFileSync(join(file.parentPath, file.name), 'utf8')).join('\n'),
    };
  }

  function expectNone(text: string): void {
    for (const form of forms) expect(text).not.toContain(form);
  }

  it.each([
    ['plain', []],
    ['plain', ['-v']],
    ['json', []],
  ])('is not repeated: %s %j', async (output, more) => {
    const { code, said, kept } = await run(
      `honest-${output}${String(more.length)}`,
      'apply',
      join(server.directory, 'playbook.yaml'),
      '--yes',
      '--output',
      output,
      ...more,
    );
    expect(code, said).toBe(1);
    expect(said).toContain('it is ***');
    expect(kept).toContain('it is ***');
    expect(kept).toMatch(/"type":"outcome"/);
    expectNone(said);
    expectNone(kept);
  });

  it.each([
    ['plain', []],
    ['plain', ['-v']],
    ['json', []],
  ])('nor where sudo itself says it back: %s %j', async (output, more) => {
    writeFileSync(join(bin, 'lies'), '');
    const planned = join(server.directory, `${output}${String(more.length)}.plan.json`);
    const { code, said, kept } = await run(
      `liar-${output}${String(more.length)}`,
      'plan',
      join(server.directory, 'playbook.yaml'),
      '--allow-read-only-programs',
      '-o',
      planned,
      '--output',
      output,
      ...more,
    );
    expect(code, said).toBe(4);
    expect(said).toMatch(/refused|privilege/);
    expectNone(said);
    expectNone(kept);
    expectNone(readFileSync(planned, 'utf8'));
  });
});
