import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { program } from '../../../src/cli/program.ts';
import { reportError } from '../../../src/cli/report-error.ts';
import type { World } from '../../../src/cli/world.ts';
import { toAppError } from '../../../src/errors.ts';
import { createFileStore } from '../../../src/records/file-store.ts';
import { VersionRecords } from '../../../src/records/records.ts';
import { exitCodeOfError } from '../../../src/run/report/exit-status.ts';
import { laptop } from '../../config/io.ts';
import { keptScreens } from '../../support/kept-screens.ts';

const never = new AbortController().signal;
const by = { run: '20261120-181612-9f3a1c', who: 'ann@laptop', at: '2026-11-20T18:16:12.000Z' };
const mib = 1024 ** 2;

let state = '';
let records: VersionRecords;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'plimsoll-restore-'));
  records = new VersionRecords(createFileStore(join(state, 'records')));
});
afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

async function plimsoll(
  ...argv: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const { text, screen } = keptScreens();
  // Nobody can log in there: to come so far means that everything before was right.
  const io = laptop({
    env: {},
    files: { 'inventory.yaml': 'hosts:\n  web-1: { address: 127.0.0.1, port: 1, user: root }\n' },
  });
  const world: World = {
    io,
    out: screen('out'),
    err: screen('err'),
    interrupts: new Interrupts(),
    agentSocket: undefined,
    stateDirectory: state,
    who: 'ann@laptop',
    interactive: false,
    ask: () => Promise.reject(new Error('nobody is asked')),
  };
  try {
    return { code: await program(world).run(['restore-version', ...argv]), ...text };
  } catch (thrown) {
    const error = toAppError(thrown);
    reportError(world, error, false);
    return { code: exitCodeOfError(error.code), ...text };
  }
}

async function make(host: string, spec: object, kind: 'volume' | 'container' = 'volume'): Promise<void> {
  const claim = await records.claim(host, { kind, name: 'foo', spec: { ...spec } }, by, never);
  await records.settle(host, claim, 'current', by, never);
}

describe('plimsoll restore-version', () => {
  it('says what is not recorded, and on which hosts what is', async () => {
    expect(await plimsoll('volume', 'foo', '1')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/no version of volume foo is recorded in file:.*\n {2}→ .*the part before -1/),
    });
    await make('web-1', { name: 'foo-1', sizeBytes: 10 * mib });
    expect(await plimsoll('volume', 'foo', '7')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/there is no version 7 of volume foo on web-1\n {2}→ there is 1 \(current\)/),
    });
    expect(await plimsoll('container', 'foo', '1', '--host', 'web-1')).toMatchObject({
      code: 2,
      err: expect.stringContaining('no version of container foo on web-1 is recorded'),
    });
    await make('web-2', { name: 'foo-1', sizeBytes: 10 * mib });
    expect(await plimsoll('volume', 'foo', '1')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/2 hosts have versions of volume foo: web-1, web-2\n {2}→ say which: --host/),
    });
    expect(await plimsoll('volume', 'foo', '1', '--host', 'web-2', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('web-2 is not in the inventory inventory.yaml'),
    });
  });

  it('takes a number for a version, and nothing for a yes without a terminal', async () => {
    expect(await plimsoll('volume', 'foo', 'one')).toMatchObject({
      code: 2,
      err: expect.stringContaining('the number of a version is needed'),
    });
    await make('web-1', { name: 'foo-1', sizeBytes: 10 * mib });
    expect(await plimsoll('volume', 'foo', '1')).toMatchObject({ code: 2, err: expect.stringContaining('give --yes') });
  });

  it('shows its help, with what does not come back', async () => {
    const { code, out } = await plimsoll('--help');
    expect(code).toBe(0);
    expect(out).toContain('its data is not brought back');
    expect(out).toContain('plimsoll restore-version container app 2 --host web-01');
  });

  it('goes to the host, whatever a label holds', async () => {
    const spec = {
      image: 'app:1',
      imageId: `sha256:${'a'.repeat(64)}`,
      env: ['A'],
      labels: { odd: '${{ nothing }}' },
      memoryBytes: 64 * mib,
      nanoCpus: 500_000_000,
      restart: 'on-failure:3',
      ports: { '80/tcp': [{ hostIp: '', hostPort: '8080' }] },
      mounts: [{ destination: '/data', type: 'volume', name: 'foo', readWrite: true }],
      others: { 'HostConfig.ShmSize': '67108864' },
      changed: [],
    };
    await make('web-1', spec, 'container');
    await make('web-1', { name: 'foo-1', sizeBytes: 10 * mib });
    for (const kind of ['container', 'volume'])
      expect(await plimsoll(kind, 'foo', '1', '--dry-run')).toMatchObject({
        code: 3,
        out: expect.stringContaining('there is nothing to log in with as root@127.0.0.1:1'),
      });
    expect(
      (await plimsoll('volume', 'foo', '1', '--dry-run', '--output', 'json')).out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { readonly type: string }).type),
    ).toEqual(['run.started', 'host.finished', 'run.finished']);
  });
});
