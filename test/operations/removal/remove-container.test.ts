import { describe, expect, it } from 'vitest';
import { removeContainer } from '../../../src/operations/removal/remove-container.ts';
import type { Planned } from '../../../src/operations/engine/operation.ts';
import { planLawfully } from '../plan-lawfully.ts';
import { container, identityOf } from '../volumes/clean-world.ts';
import type { RemovalWorld } from '../containers/removal-world.ts';
import { mine, removalWorld } from '../containers/removal-world.ts';

const id = container('old').id;

function plan(want: Record<string, unknown> = {}, world: RemovalWorld = {}): Planned {
  const known = removalWorld(world);
  const parsed = removeContainer.schema.parse({ container: 'old', ...want });
  expect(removeContainer.needs(parsed, known).filter((request) => !known.has(request))).toEqual([]);
  return planLawfully(removeContainer, parsed, known);
}

describe('remove_container', () => {
  it('removes it, and leaves its volumes; what it leaves is said', () => {
    expect(plan()).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: 'remove old (exited)',
          subject: `container:${id}`,
          undo: 'irreversible',
          atomic: true,
          actions: [{ kind: 'exec', argv: ['/bin/sh', '-c', expect.stringContaining('docker rm --'), 'sh', id] }],
        },
      ],
      warnings: [
        expect.stringContaining('is gone with it'),
        expect.stringContaining('it leaves 1 volume without a name'),
      ],
    });
  });

  it('puts only those without a name that nobody else has into quarantine, before it removes it', () => {
    expect(plan({ anonymous_volumes: 'quarantine', keep_for: '2d' })).toMatchObject({
      changes: [
        {
          summary: 'remove old (exited); 1 volume of it without a name into quarantine for 2d',
          actions: [
            {
              argv: ['/bin/sh', '-s', '--', mine, `/var/lib/docker/volumes/${mine}`, identityOf(mine), '172800', 'old'],
            },
            { argv: expect.arrayContaining([id]) },
          ],
        },
      ],
    });
  });

  it('has nothing to do where there is none; a pattern is no name', () => {
    expect(plan({ container: 'gone' })).toEqual({ outcome: 'noop', reason: 'there is no container gone' });
    for (const container of ['x*', '*', 'a b', ''])
      expect(removeContainer.schema.safeParse({ container }).error?.message).toContain('must be the name or id');
  });

  it.each<[string, RemovalWorld, string]>([
    ['one that runs', { status: 'running' }, 'old runs'],
    ['one of an orchestrator', { use: { labels: { 'io.kubernetes.pod.name': 'x' } } }, 'belongs to Kubernetes'],
    ['one of Compose', { use: { labels: { 'com.docker.compose.project': 'shop' } } }, 'a project of Compose'],
    ['one that others need', { others: [{ ...container('web'), volumesFrom: ['old'] }] }, 'web cannot do without old'],
    [
      'one that is kept for a rollback',
      { kept: [{ old: id, new: undefined, name: 'app', restart: 'no', wasRunning: true, step: 'done' }] },
      'kept for the replacement of app',
    ],
  ])('refuses %s', (_what, world, reason) => {
    expect(plan({}, world)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(reason),
      remedy: expect.stringMatching(/.{8}/),
    });
  });

  it('takes no quarantine of no time', () => {
    expect(removeContainer.schema.safeParse({ container: 'old', keep_for: 0 }).success).toBe(false);
  });
});
