import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plimsoll } from '../../support/plimsoll.ts';
import { start, stopFleets } from '../simulated-host.ts';

stopFleets();

interface Shown {
  readonly type: string;
  readonly step?: string;
  readonly outcome?: string;
  readonly dependsOn?: readonly string[];
  readonly reason?: string;
}

it('what a condition, an input or a loop makes of facts is uncertain behind a step that changes them, and made again then', async () => {
  const { fleet } = await start({ name: 'web-1', kind: 'overlay2-plain' });
  const inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  const note = (name: string): string => join(fleet.directory, name);
  const driver = '${{ facts.docker.driver }}';
  const playbook = join(fleet.directory, 'playbook.yaml');
  await writeFile(
    playbook,
    JSON.stringify({
      hosts: 'all',
      steps: [
        { name: 'Switch', set_storage_driver: { driver: 'vfs', acknowledge_invisible: true, stop_containers: true } },
        { name: 'Was', command: ['touch', note('was')], when: 'facts.docker.driver == "overlay2"' },
        { name: 'Is', command: ['touch', note('is')], when: 'facts.docker.driver == "vfs"' },
        { name: 'Input', command: ['touch', note(`input-${driver}`)] },
        { name: 'Loop', command: ['touch', note('loop-${{ item }}')], loop: '${{ [facts.docker.driver] }}' },
        { name: 'Other', command: ['touch', note('other')], when: 'host.name == "web-1"' },
      ],
    }),
  );
  const run = (...args: readonly string[]): ReturnType<typeof plimsoll> =>
    plimsoll([...args, '-i', inventory], { XDG_STATE_HOME: join(fleet.directory, 'laptop') });
  const plan = join(fleet.directory, 'plan.json');
  const planned = await run('plan', playbook, '-o', plan, '--output', 'json');
  const events = planned.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Shown);
  const of = (step: string): Shown | undefined =>
    events.find((event) => event.type === 'step.planned' && event.step === step);
  for (const step of ['Was', 'Is', 'Input', 'Loop'])
    expect(of(step), step).toMatchObject({
      outcome: 'maybe',
      dependsOn: expect.arrayContaining(['Switch']) as unknown,
    });
  expect(of('Is')?.reason).toBe('as things are now: its condition is false: facts.docker.driver == "vfs"');
  expect(of('Loop')?.reason).toBe('its loop needs facts of the host, which may be others by then');
  const applied = await run('apply', plan, '--yes');
  expect(applied.code, applied.stdout + applied.stderr).toBe(0);
  const made = ['was', 'is', 'input-overlay2', 'input-vfs', 'loop-overlay2', 'loop-vfs', 'other'];
  expect(made.filter((name) => existsSync(note(name)))).toEqual(['is', 'input-vfs', 'loop-vfs', 'other']);
});
