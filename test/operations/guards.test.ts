import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { probeFact } from '../../src/facts/argv.ts';
import { ask } from '../../src/facts/fact.ts';
import { assert } from '../../src/operations/programs/assert.ts';
import type { Planned } from '../../src/operations/engine/operation.ts';
import { pause } from '../../src/operations/programs/pause.ts';
import { waitFor } from '../../src/operations/programs/wait-for.ts';
import { Answers } from './known.ts';
import { planHere } from './on-this-machine.ts';

describe('assert', () => {
  const plan = (want: unknown): Planned => assert.plan(assert.schema.parse(want), new Answers());

  it.each([
    [{ that: true }, 'noop'],
    [{ that: [true, true] }, 'noop'],
    [{ that: false }, 'refused'],
    [{ that: [true, false] }, 'refused'],
  ])('%j: %s', (want, outcome) => {
    expect(plan(want).outcome).toBe(outcome);
  });

  it('says which, and why it matters', () => {
    expect(plan({ that: [true, false, false], message: 'needs devicemapper' })).toMatchObject({
      reason: 'needs devicemapper (of 3 assertions, number 2, 3 does not hold)',
    });
  });

  it.each([{ that: 'true' }, { that: [] }, { that: 1 }, {}])('its schema refuses %j', (want) => {
    expect(assert.schema.safeParse(want).success).toBe(false);
  });
});

describe('pause', () => {
  it.each([
    [5, 5],
    ['5s', 5],
    ['2m', 120],
    ['1.5h', 5400],
  ])('%s is %i seconds', (seconds, expected) => {
    expect(pause.plan(pause.schema.parse({ seconds }), new Answers())).toMatchObject({
      outcome: 'change',
      changes: [{ actions: [{ kind: 'pause', seconds: expected }] }],
    });
  });

  it.each([0, -1, '5', '1d', 90_000])('its schema refuses %s', (seconds) => {
    expect(pause.schema.safeParse({ seconds }).success).toBe(false);
  });
});

describe('wait_for', () => {
  const plan = (want: unknown): Planned => planHere(waitFor, waitFor.schema.parse(want));

  it('has nothing to wait for when it is so now', () => {
    expect(plan({ path: '/etc/passwd' }).outcome).toBe('noop');
    expect(plan({ argv: ['true'] }).outcome).toBe('noop');
    expect(plan({ argv: ['echo', 'up'], equals: 'up' }).outcome).toBe('noop');
  });

  it('waits otherwise', () => {
    expect(plan({ argv: ['echo', 'down'], equals: 'up', for: '2m', every: 5 })).toMatchObject({
      outcome: 'change',
      changes: [
        {
          summary: 'wait until echo down (at most 120 s)',
          actions: [{ kind: 'wait-until', argv: ['echo', 'down'], equals: 'up', everySeconds: 5, forSeconds: 120 }],
          undo: [],
        },
      ],
    });
    expect(plan({ path: '/no/such/path' }).outcome).toBe('change');
    expect(plan({ argv: ['no-such-program'] }).outcome).toBe('change');
  });

  it('knows a port that is listened on from one that is not, without connecting', async () => {
    let connections = 0;
    const server = createServer(() => {
      connections += 1;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const { port } = address;
    expect(plan({ port }).outcome).toBe('noop');
    await new Promise<void>((resolve) =>
      server.close(() => {
        resolve();
      }),
    );
    expect(plan({ port }).outcome).toBe('change');
    expect(connections).toBe(0);
  });

  it.each([
    ['running', 'true\n', 'noop'],
    ['running', 'false\n', 'change'],
    ['healthy', 'healthy\n', 'noop'],
    ['healthy', 'starting\n', 'change'],
    ['healthy', 'no health check\n', 'refused'],
  ])('container %s, docker says %j: %s', (state, stdout, outcome) => {
    const want = waitFor.schema.parse({ container: 'app-1', state });
    const [request] = waitFor.needs(want, new Answers());
    if (request === undefined) throw new Error('asks for nothing');
    const known = new Answers().set(ask(probeFact, ...request.args), { status: 0, stdout, stderr: '', lines: [] });
    expect(waitFor.plan(want, known).outcome).toBe(outcome);
  });

  it.each([
    {},
    { port: 0 },
    { port: 8080, path: '/x' },
    { container: '--help' },
    { container: 'x', state: 'dead' },
    { path: 'x' },
  ])('its schema refuses %j', (want) => {
    expect(waitFor.schema.safeParse(want).success).toBe(false);
  });
});
