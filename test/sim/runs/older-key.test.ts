import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import type { Change } from '../../../src/operations/engine/change.ts';
import type { PlanFile } from '../../../src/plan/plan-file.ts';
import { parsePlanFile, planFileText } from '../../../src/plan/plan-file.ts';
import { sha256 } from '../../plan/sha256.ts';
import type { Ran } from '../../support/plimsoll.ts';
import { plimsoll } from '../../support/plimsoll.ts';

const run = '20260101-120000-abcdef';

/** A run of the time when `volume_copy` was an operation of its own, with its plan and its journal. */
describe('a run of an earlier version that names the operation volume_copy', { tags: ['root', 'lab:rsync'] }, () => {
  let fleet: Fleet;
  let inventory = '';
  const at = (...path: readonly string[]): string => join(fleet.directory, 'files', ...path);
  const runAt = (...path: readonly string[]): string => join(fleet.directory, 'laptop/plimsoll/runs', run, ...path);
  const program = (...args: readonly string[]): Promise<Ran> =>
    plimsoll([...args, '-i', inventory], { XDG_STATE_HOME: join(fleet.directory, 'laptop') });

  beforeEach(async () => {
    fleet = await startFleet([{ name: 'a', kind: 'no-docker' }]);
    inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
    mkdirSync(at('from/below'), { recursive: true });
    mkdirSync(at('to'));
    for (const name of ['one', 'below/two']) writeFileSync(at('from', name), name);
    chmodSync(at('from'), 0o755);
    chmodSync(at('to'), 0o2750);
  });
  afterEach(() => fleet.stop());

  /** Which directory it is, as a marker says. */
  const inode = (): string => String(statSync(at('to')).ino);
  const born = (): number => Number(spawnSync('stat', ['-c', '%W', at('to')], { encoding: 'utf8' }).stdout);

  /** The change that it planned: an action for each part of the copy, no subject, and an undo of its own. */
  function earlier({ summary, before, after, bindings }: Change): Change {
    const file = `/var/lib/plimsoll/copies/1-${inode()}`;
    const found = { found: 'nothing', owner: before['owner'], mode: before['mode'] };
    const marker = { from: at('from'), to: at('to'), inode: inode(), born: born(), ...found };
    return {
      summary,
      before,
      after,
      bindings,
      actions: [
        { kind: 'exec', argv: ['mkdir', '-p', '-m', '700', '/var/lib/plimsoll/copies'] },
        { kind: 'write-file', path: file, content: `${JSON.stringify(marker)}\n`, mode: '0600', expect: null },
        { kind: 'exec', argv: ['cp', '-a', `${at('from')}/.`, at('to')] },
        { kind: 'exec', argv: ['rm', '-f', '--', file] },
      ],
      undo: [
        { kind: 'exec', argv: ['find', at('to'), '-mindepth', '1', '-delete'] },
        { kind: 'exec', argv: ['chmod', '02750', at('to')] },
        { kind: 'exec', argv: ['rm', '-f', '--', file] },
      ],
      atomic: false,
    };
  }

  /** Writes the run down, as far as so many of the actions have been done. */
  async function written(done: number): Promise<void> {
    const playbook = join(fleet.directory, 'p.yaml');
    const step = { volume_copy: { from: at('from'), to: at('to') } };
    writeFileSync(playbook, JSON.stringify({ hosts: 'all', steps: [step] }));
    const made = join(fleet.directory, 'made.plan');
    expect((await program('plan', playbook, '-o', made)).stderr).not.toContain('plimsoll:');
    const plan = parsePlanFile(readFileSync(made, 'utf8'), made, sha256);
    const planned = plan.hosts[0]?.steps[0]?.planned;
    const [change] = planned?.outcome === 'change' ? planned.changes.map(earlier) : [];
    if (change === undefined) throw new Error(JSON.stringify(plan.hosts));
    const asked = { operation: 'volume_copy', want: { ...step.volume_copy, delete: false } };
    const before: PlanFile = {
      ...plan,
      hosts: plan.hosts.map((host) => ({
        ...host,
        steps: host.steps.map((one) => ({ ...one, ...asked, planned: { outcome: 'change', changes: [change] } })),
      })),
    };
    const host = { at: '2026-01-01T12:00:00.000Z', host: 'a' };
    const intent = { type: 'intent', ...host, step: '1.1', name: 'volume_copy', ...asked, number: 0, change };
    const outcome = { type: 'outcome', ...host, step: '1.1', number: 0, summary: change.summary };
    const ended = [
      { type: 'host', ...host, status: 'changed', owed: [] },
      { type: 'end', at: host.at, status: 'changed' },
    ];
    const records = [
      { type: 'run', version: 1, runId: run, at: host.at, by: 'me', playbook, digest: sha256(''), hosts: ['a'] },
      ...change.actions.slice(0, done).flatMap((_, index) => [
        { ...intent, actions: [index], become: false },
        { ...outcome, actions: [index] },
      ]),
      ...(done === change.actions.length ? ended : []),
    ];
    mkdirSync(runAt(), { recursive: true });
    writeFileSync(runAt('plan.json'), planFileText(before, sha256));
    writeFileSync(runAt('journal.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    // What the host has of it.
    const host0 = fleet.hosts[0];
    const [, mark] = change.actions;
    if (done < change.actions.length && mark?.kind === 'write-file')
      await host0?.run(
        `mkdir -p /var/lib/plimsoll/copies && printf '%s' '${mark.content}' >/var/lib/plimsoll/copies/1-${inode()}`,
      );
  }
  /** As the whole copy leaves it. */
  const copied = (): void => {
    spawnSync('sh', ['-c', 'cp -a "$1/." "$2" && chmod 00755 "$2"', 'sh', at('from'), at('to')]);
  };
  const mode = (): string => (statSync(at('to')).mode & 0o7777).toString(8).padStart(4, '0');

  it('is rolled back, unless somebody has changed the copy since', async () => {
    await written(4);
    copied();
    chmodSync(at('to'), 0o700);
    const refused = await program('rollback', run, '--yes');
    expect(refused.stdout).toContain('it has been changed by somebody else: mode was "0755", is "0700"');
    expect(readdirSync(at('to')).sort()).toEqual(['below', 'one']);

    copied();
    const undone = await program('rollback', run, '--yes');
    expect([undone.code, undone.stderr.replaceAll(/^reads on .*\n/gm, '')]).toEqual([0, '']);
    expect([readdirSync(at('to')), mode()]).toEqual([[], '2750']);
    expect((await program('rollback', run, '--yes')).stdout).toContain('not undone already');
  });

  it('is gone on with when it was cut, and then taken back to where it began', async () => {
    await written(2);
    spawnSync('cp', ['-a', at('from/below'), at('to')]);
    const resumed = await program('resume', '--yes');
    expect(resumed.stdout).toContain('go on with the copy of 3 entries');
    expect(resumed.code).toBe(0);
    expect(spawnSync('diff', ['-r', at('from'), at('to')]).status).toBe(0);
    expect((await program('resume', '--yes')).stdout).toContain('done on every host');

    expect((await program('rollback', run, '--yes')).code).toBe(0);
    expect([readdirSync(at('to')), mode()]).toEqual([[], '2750']);
  });

  it('is finalized, and shown as it was written', async () => {
    await written(4);
    copied();
    expect((await program('finalize', run, '--yes')).code).toBe(0);
    expect(readdirSync(at('to')).sort()).toEqual(['below', 'one']);
    const shown = await plimsoll(['runs', run, '-v'], { XDG_STATE_HOME: join(fleet.directory, 'laptop') });
    expect(shown.stdout).toContain('volume_copy');
  });

  it('is planned again where it was only saved: what would be done is said in other words now', async () => {
    await written(0);
    const { stdout } = await program('apply', runAt('plan.json'), '--yes');
    expect(stdout).toContain('drifted');
    expect(readdirSync(at('to'))).toEqual([]);
  });
});
