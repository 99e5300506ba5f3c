import { describe, expect, it } from 'vitest';
import { containerDetails } from '../../../src/facts/containers/container-details.ts';
import type { Container } from '../../../src/facts/containers/containers.ts';
import { containers } from '../../../src/facts/containers/containers.ts';
import { ask } from '../../../src/facts/fact.ts';
import { dockerInspect } from '../../../src/operations/primitives/docker-inspect.ts';
import { Answers } from '../known.ts';

const id = 'fd5e'.padEnd(64, '0');

function container(name: string, start: string): Container {
  return {
    id: start.padEnd(64, '0'),
    name,
    image: 'sha256:1',
    labels: {},
    state: { status: 'running', running: true, paused: false, restarting: false, pid: 509, startedAt: '', error: '' },
    driver: 'devicemapper',
    graph: null,
    storageOpt: null,
    autoRemove: false,
    restart: { name: 'no', maximumRetryCount: 0 },
  };
}

/** As `docker inspect` prints it. */
const printed = JSON.stringify([
  {
    Id: id,
    Name: '/node',
    GraphDriver: {
      Data: { DeviceId: '4', DeviceName: 'docker-254:0-10877-4c20', DeviceSize: '419430400' },
      Name: 'devicemapper',
    },
    Config: { Env: ['PASSWORD=hunter2'], Labels: { a: 'b' }, Entrypoint: null },
  },
]);

describe('docker_inspect', () => {
  it("gives Docker's own keys, and never the environment", () => {
    const details = containerDetails.parse({ status: 0, stdout: printed, stderr: '' }, [id]);
    const known = new Answers()
      .set(ask(containers), [container('node', 'fd5e')])
      .set(ask(containerDetails, id), details);
    expect(dockerInspect.plan({ container: 'node' }, known)).toEqual({ outcome: 'noop', reason: 'read node' });
    const result = dockerInspect.result?.({ container: 'node' }, known, undefined);
    expect(result).toMatchObject({
      Name: '/node',
      GraphDriver: { Data: { DeviceName: 'docker-254:0-10877-4c20' } },
      Config: { Labels: { a: 'b' }, Entrypoint: null },
    });
    expect(JSON.stringify(result)).not.toContain('hunter2');
    expect(dockerInspect.touches({ container: 'node' }, known)).toEqual({ reads: [`container:${id}`], changes: [] });
  });

  it.each([
    ['what is not there', 'nide', /no container "nide"/],
    ['an ambiguous prefix', 'fd5e', /ambiguous/],
    ['a glob that means several', 'app-*', /means 2 containers: app-1, app-2/],
  ])('refuses %s', (_what, text, reason) => {
    const all = [container('node', 'fd5e'), container('app-1', 'fd5eaaaa'), container('app-2', 'bbbb')];
    expect(dockerInspect.plan({ container: text }, new Answers().set(ask(containers), all))).toMatchObject({
      outcome: 'refused',
      reason: expect.stringMatching(reason),
    });
  });

  it.each([
    ['a container that has gone', { status: 1, stdout: '[]\n', stderr: 'Error: No such container: fd5e' }],
    ['another container', { status: 0, stdout: printed.replaceAll(id, 'e'.repeat(64)), stderr: '' }],
    ['noise', { status: 0, stdout: 'motd', stderr: '' }],
  ])('does not guess about %s', (_what, answer) => {
    expect(() => containerDetails.parse(answer, [id])).toThrow(expect.objectContaining({ code: 'fact-unreadable' }));
  });
});
