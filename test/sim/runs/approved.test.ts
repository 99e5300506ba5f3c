import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import { canonicalJson } from '../../../src/values/json.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { besideNames, plimsoll } from '../../support/plimsoll.ts';

const names = ['a', 'b', 'c'];

let fleet: Fleet;
let inventory = '';
let proof = '';
let number = 0;
let plans = 0;

beforeAll(async () => {
  fleet = await startFleet(
    names.map((name) => ({ name, kind: 'overlay2-pquota', containers: [{ name: 'app-1', bytes: 10 * 1024 ** 3 }] })),
  );
  inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
});
afterAll(() => fleet.stop());

beforeEach(() => {
  number += 1;
  proof = join(fleet.directory, `proof-${String(number)}`);
});

/** Without a terminal. */
const run = (...args: readonly string[]): Promise<Ran> =>
  plimsoll([...args, '-i', inventory], { XDG_STATE_HOME: join(fleet.directory, 'laptop') });

async function playbook(steps: string): Promise<string> {
  const path = join(fleet.directory, `playbook-${String(number)}.yaml`);
  await writeFile(path, `hosts: all\nsteps:\n${steps}`);
  return path;
}

const proven = async (): Promise<readonly string[]> =>
  existsSync(proof) ? (await readFile(proof, 'utf8')).trim().split('\n').sort() : [];

const programs: readonly [string, (text: string) => string][] = [
  [
    'a command with read_only',
    (text) => `  - name: Look\n    command: { argv: [sh, -c, '${text}'], read_only: true }\n`,
  ],
  ['a script with read_only', (text) => `  - name: Look\n    script: { text: '${text}', read_only: true }\n`],
  ['a program that is waited for', (text) => `  - name: Look\n    wait_for: { argv: [sh, -c, '${text}'] }\n`],
  [
    'a command of a loop',
    (text) =>
      `  - name: Look\n    command: { argv: [sh, -c, '\${{ item }}'], read_only: true }\n    loop: ['${text}']\n`,
  ],
  [
    'a program whose text needs the host’s facts',
    (text) =>
      `  - name: Look\n    command: { argv: [sh, -c, '${text} #\${{ facts.docker.driver }}'], read_only: true }\n`,
  ],
];

describe.each(programs)('%s', (_what, step) => {
  const harm = (): string => `echo \${{ host.name }} >> ${proof}`;

  it('is not run by a preview to which nobody has consented; it is shown, and nothing is connected to', async () => {
    const ran = await run('plan', await playbook(step(harm())));
    expect(await proven()).toEqual([]);
    expect([ran.code, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain(`>> ${proof}`);
    expect(ran.stderr).toMatch(/1 program|3 programs/);
    expect(ran.stderr).toContain('--allow-read-only-programs');
  });

  it('is run with consent, once it has been shown; the summary says so, and not that nothing has been done', async () => {
    const ran = await run('plan', await playbook(step(harm())), '--allow-read-only-programs');
    expect([ran.code, await proven()]).toEqual([0, names]);
    expect(ran.stderr).toContain(`>> ${proof}`);
    expect(ran.stdout).toMatch(
      /[13] programs? of the playbook ha(s|ve) been run on 3 hosts; nothing else has been done\.$/m,
    );
    expect(ran.stdout).not.toContain('Nothing has been changed');
  });
});

it('shows every line of such a program', async () => {
  const lines = Array.from({ length: 800 }, (_, index) => (index === 599 ? `touch ${proof}` : `: ${String(index)}`));
  const ran = await run(
    'plan',
    await playbook(
      `  - script:\n      read_only: true\n      text: |\n${lines.map((line) => `        ${line}\n`).join('')}`,
    ),
  );
  expect(ran.code).toBe(2);
  for (const line of lines) expect(ran.stderr).toContain(line);
  expect(existsSync(proof)).toBe(false);
});

it('shows every line of what is to be run with -v; without it what is not shown is named, with its digest', async () => {
  const lines = Array.from({ length: 800 }, (_, index) =>
    index === 599 ? 'rm -rf /srv/everything' : `: line ${String(index)}`,
  );
  const file = await playbook(`  - script: |\n${lines.map((line) => `      ${line}\n`).join('')}`);
  const [short, whole] = [await run('plan', file), await run('plan', file, '-v')];
  expect([short.code, whole.code]).toEqual([0, 0]);
  for (const line of lines) expect(whole.stdout).toContain(`${line}\n`);
  expect(short.stdout).not.toContain('rm -rf');
  expect(short.stdout).toMatch(
    /^ +# not shown here: 78\d more lines \(the whole text has sha256 [0-9a-f]{64}\); -v shows them$/m,
  );
});

it('--yes consents as well: who approves a plan unseen approves what leads to it', async () => {
  const ran = await run(
    'apply',
    await playbook(`  - command: { argv: [sh, -c, 'echo \${{ host.name }} >> ${proof}'], read_only: true }\n`),
    '--yes',
    '--output',
    'json',
  );
  expect(ran.code).toBe(0);
  expect(new Set(await proven())).toEqual(new Set(names));
  expect(ran.stderr).toContain(proof);
  const events = ran.stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(events.at(-1)).toMatchObject({ type: 'run.finished', programs: { programs: 3, hosts: 3 } });
});

it('nothing is shown or asked of programs that a preview does not run', async () => {
  const ran = await run(
    'plan',
    await playbook(
      `  - command: [sh, -c, 'echo x >> ${proof}']\n  - wait_for: { path: / }\n  - command: { argv: [sh, -c, 'echo x >> ${proof}'], read_only: true }\n    when: host.name == "nobody"\n`,
    ),
  );
  expect([ran.code, besideNames(ran.stderr), await proven()]).toEqual([0, '', []]);
  expect(ran.stdout).toContain('Nothing has been changed.');
});

describe('a saved plan', () => {
  const saved = z.looseObject({
    digest: z.string(),
    hosts: z.array(z.looseObject({ steps: z.array(z.looseObject({ want: z.unknown(), planned: z.unknown() })) })),
  });
  type Saved = z.infer<typeof saved>;

  /** As somebody edits it who also computes its digest anew. */
  async function forged(
    playbookText: string,
    edit: (text: string) => string,
    ...more: readonly string[]
  ): Promise<string> {
    plans += 1;
    const file = join(fleet.directory, `plan-${String(plans)}.json`);
    const planned = await run('plan', await playbook(playbookText), '-o', file, '--allow-read-only-programs', ...more);
    expect(planned.code, planned.stderr).toBe(0);
    const { plimsoll: _, version, digest: _was, ...content } = saved.parse(JSON.parse(await readFile(file, 'utf8')));
    const hosts = JSON.parse(edit(JSON.stringify(content.hosts))) as Saved['hosts'];
    const body = { ...content, hosts };
    await writeFile(
      file,
      JSON.stringify({
        plimsoll: 'plan',
        version,
        digest: createHash('sha256').update(canonicalJson(body)).digest('hex'),
        ...body,
      }),
    );
    return file;
  }

  it.each([
    ['a script', `  - script: echo harmless\n`],
    ['a script that is said to read only', `  - script: { text: echo harmless, read_only: true }\n`],
    ['a command', `  - command: [sh, -c, echo harmless]\n`],
    ['what is waited for', `  - wait_for: { argv: [sh, -c, echo harmless] }\n`],
  ])(
    'whose playbook is innocent and whose plan is not: %s is refused, and nothing of it runs',
    async (_what, steps) => {
      const file = await forged(steps, (text) => text.replaceAll('echo harmless', `echo owned >> ${proof}`));
      const ran = await run('apply', file, '--yes', '--output', 'json');
      expect(await proven()).toEqual([]);
      expect(ran.code).toBe(5);
      expect(ran.stdout).toContain('drift');
      expect(ran.stdout).not.toContain('change.started');
    },
  );

  it('is as innocent where only what is wanted was changed, or what an earlier plan said of it was made uncertain', async () => {
    const wanted = await forged('  - script: echo harmless\n', (text) =>
      text.replace('"text":"echo harmless"', `"text":"echo owned >> ${proof}"`),
    );
    expect((await run('apply', wanted, '--yes')).code).toBe(5);
    const uncertain = await forged('  - script: { text: echo harmless, read_only: true }\n', (text) =>
      text
        .replaceAll('echo harmless', `echo owned >> ${proof}`)
        .replaceAll(
          /"planned":\{[^{}]*\}/g,
          '"planned":{"outcome":"maybe","dependsOn":[],"reason":"x","provisional":[]}',
        ),
    );
    expect((await run('apply', uncertain, '--yes')).code).toBe(0);
    expect(await proven()).toEqual([]);
  });

  const grow = `  - grow_rootfs: { container: app-1, size: "\${{ vars.size }}" }\n`;

  it('keeps what it has made absolute, and takes no size from the file that the playbook says itself', async () => {
    const relative = await forged(grow, (text) => text, '-e', 'size=+1GiB', '--limit', 'a');
    const larger = (text: string): string =>
      text
        .replaceAll(String(13 * 1024 ** 3), String(90 * 1024 ** 3))
        .replaceAll(String(13 * 1024 ** 2), String(90 * 1024 ** 2))
        .replaceAll('13 GiB', '90 GiB');
    const pinned = (text: string): string =>
      larger(text).replace(
        '"size":"13GiB"',
        `"size":"13GiB","sizes":{"${/"container":"([0-9a-f]{64})"/.exec(text)?.[1] ?? 'none'}":${String(90 * 1024 ** 3)}}`,
      );
    const absolute = await forged(grow, pinned, '-e', 'size=13GiB', '--limit', 'b');
    expect(await readFile(absolute, 'utf8')).toMatch(/"sizes":\{"[0-9a-f]{64}":96636764160\}/);
    expect((await run('apply', absolute, '--yes')).code).toBe(5);
    const ran = await run('apply', relative, '--yes');
    expect([ran.code, ran.stdout]).toEqual([0, expect.stringContaining('10 GiB → 11 GiB')]);
    const again = await run('apply', relative, '--yes');
    expect([again.code, again.stdout]).toEqual([5, expect.stringContaining('somebody has done it already')]);
  });

  it('is not carried out unasked', async () => {
    const file = await forged(`  - script: echo x >> ${proof}\n`, (text) => text);
    const ran = await run('apply', file);
    expect([ran.code, ran.stdout, await proven()]).toEqual([2, '', []]);
    expect(ran.stderr).toMatch(/no terminal to ask at\n.*--yes/);
    expect((await run('apply', file, '--yes')).code).toBe(0);
    expect(await proven()).toEqual(['x', 'x', 'x']);
  });
});
