import { describe, expect, it } from 'vitest';
import { loadPlaybook } from '../../src/config/playbook/playbook.ts';
import type { Resolved } from '../../src/config/model/types.ts';
import { operations } from '../../src/operations/registry.ts';
import { laptop } from './io.ts';

/** What `to:` comes to when a host says `said`. */
async function fetched(to: string, said: string): Promise<Resolved<unknown>> {
  const text = `hosts: all\nsteps:\n  - { command: [first], read_only: true, register: it }\n  - { fetch: { from: /a, to: ${JSON.stringify(to)} } }\n`;
  const { plays } = await loadPlaybook('p.yaml', operations, laptop({ files: { 'p.yaml': text } }));
  const step = plays[0]?.steps[1];
  if (step === undefined) throw new Error('no step');
  return step.resolve({
    vars: { up: '../logs' },
    host: { name: 'web-1', groups: [] },
    facts: {},
    registers: { it: { stdout: said } },
  });
}

describe("a host's word in a path of this machine", () => {
  it.each([
    ['out/${{ it.stdout }}', 'app.log', 'out/app.log'],
    ['out/${{ it.stdout }}', 'sub/app..log', 'out/sub/app..log'],
    ['out/${{ it.stdout }}', '/etc/passwd', 'out//etc/passwd'],
    ['../${{ host.name }}-${{ it.stdout }}', 'a', '../web-1-a'],
    ['${{ vars.up }}/a', 'unused', '../logs/a'],
    ['${{ it.stdout }}', 'app.log', 'app.log'],
  ])('%s with %j is %s', async (to, said, path) => {
    expect(await fetched(to, said)).toEqual({ value: { from: '/a', to: path } });
  });

  it.each([
    ['out/${{ it.stdout }}', '../../.ssh/authorized_keys'],
    ['out/${{ it.stdout }}', 'a/../../b'],
    ['out/.${{ it.stdout }}', './x'],
    ['out/${{ it.stdout }}', '..'],
    ['out/${{ host.name }}/${{ it.stdout }}', '../../x'],
    ['${{ it.stdout }}', '/root/.ssh/authorized_keys'],
    ['${{ it.stdout }}', '~/x'],
    ['${{ it.stdout }}/x', '/etc'],
    ['out/${{ it.stdout }}', 'a\u001b[2J'],
    ['out/${{ it.stdout }}', 'a\nb'],
  ])('%s with %j is refused, with its place', async (to, said) => {
    await expect(fetched(to, said)).rejects.toMatchObject({
      code: 'config',
      message: expect.stringMatching(/^expression: what a host says here would lead to /) as unknown,
      where: expect.stringMatching(/^p\.yaml:4:\d+$/) as unknown,
    });
  });
});
