import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
import { planFileText } from '../../../src/plan/plan-file.ts';
import { exitCodeOfError } from '../../../src/run/report/exit-status.ts';
import type { JournalRecord } from '../../../src/run/journal/journal.ts';
import { createRun, journalPath } from '../../../src/run/journal/run-store.ts';
import { laptop } from '../../config/io.ts';
import { sha256 } from '../../plan/sha256.ts';
import { begin, change, effects, end, ended, journalText } from '../../run/records.ts';
import { keptScreens } from '../../support/kept-screens.ts';

const never = new AbortController().signal;
const run = `20261120-181612-${process.pid.toString(16)}`;
const by = { run, who: 'ann@laptop', at: '2026-11-20T18:16:12.000Z' };
const foo = { kind: 'volume', name: 'foo' } as const;
const makesFoo = change('foo-2', ['make'], {
  records: [{ ...foo, version: 2, spec: { name: 'foo-2', sizeBytes: 20 * 1024 ** 3 }, replaces: 'foo-1' }],
});

let state = '';
let records: VersionRecords;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'plimsoll-records-'));
  records = new VersionRecords(createFileStore(join(state, 'records')));
});
afterEach(() => {
  rmSync(state, { recursive: true, force: true });
});

async function plimsoll(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const { text, screen } = keptScreens();
  const world: World = {
    io: laptop({ env }),
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
    return { code: await program(world).run(argv), ...text };
  } catch (thrown) {
    const error = toAppError(thrown);
    reportError(world, error, false);
    return { code: exitCodeOfError(error.code), ...text };
  }
}

async function make(journal: readonly JournalRecord[]): Promise<string> {
  const path = journalPath({
    directory: await createRun(
      state,
      run,
      planFileText(
        {
          playbook: { file: 'grow.yaml', sha256: sha256(''), text: '' },
          inputs: { inventory: ['i'], tags: [], skipTags: [], vars: {} },
          hosts: [],
        },
        sha256,
      ),
    ),
  });
  writeFileSync(path, journalText(journal));
  return path;
}

describe('plimsoll history', () => {
  it('lists the versions of a volume, by host, the newest first', async () => {
    for (const host of ['web-2', 'web-1']) {
      for (const [version, sizeBytes] of [
        [1, 10],
        [2, 20],
      ] as const) {
        const claim = await records.claim(
          host,
          { ...foo, version, spec: { name: `foo-${String(version)}`, sizeBytes: sizeBytes * 1024 ** 3 } },
          by,
          never,
        );
        await records.settle(host, claim, 'current', by, never);
      }
    }
    await records.claim('web-1', { kind: 'container', name: 'foo', spec: {} }, by, never);
    const { code, out, err } = await plimsoll(['history', 'volume', 'foo']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.split('\n')).toEqual([
      'HOST   VERSION  STATE     WHAT          WHEN (UTC)        BY          RUN',
      expect.stringMatching(/^web-1 {2}2 {8}current {3}foo-2 20 GiB {2}2026-11-20 18:16 {2}ann@laptop {2}2026/),
      expect.stringMatching(/^web-1 {2}1 {8}replaced {2}foo-1 10 GiB/),
      expect.stringMatching(/^web-2 {2}2/),
      expect.stringMatching(/^web-2 {2}1/),
      '',
    ]);
    expect((await plimsoll(['history', 'volume', 'foo', '--host', 'web-2'])).out.split('\n')).toHaveLength(4);
    expect(JSON.parse((await plimsoll(['history', 'container', 'foo', '--output', 'json'])).out)).toMatchObject({
      v: 1,
      records: `file:${state}/records`,
      versions: [{ host: 'web-1', state: 'pending' }],
    });
  });

  it('says that nothing is recorded, and where; a hostile name reaches no terminal', async () => {
    expect(await plimsoll(['history', 'volume', 'a\u001b[31m'])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^No version of volume a.* is recorded in file:/),
    });
    expect((await plimsoll(['history', 'volume', 'a\u001b[31m'])).out).not.toContain('\u001b');
  });

  it('of records that are away: exit 4, with the place and the remedy', async () => {
    expect(await plimsoll(['history', 'volume', 'foo', '--records', 'etcd://127.0.0.1:1'])).toMatchObject({
      code: 4,
      out: '',
      err: expect.stringMatching(
        /the records in etcd:\/\/127\.0\.0\.1:1 cannot be used: 127\.0\.0\.1:1: .*ECONNREFUSED.*\n {2}→ is etcd up/,
      ),
    });
    expect(await plimsoll(['history', 'volume', 'foo'], { PLIMSOLL_RECORDS: 'etcd://127.0.0.1:1' })).toMatchObject({
      code: 4,
    });
  });

  it.each(['etcd://', 'etcd://host', 'http://h:1', 'file:', 'etcd://h:1,,', 'etcd://h:1/x', 'elsewhere'])(
    'refuses %s as a place',
    async (place) => {
      expect(await plimsoll(['history', 'volume', 'foo', '--records', place])).toMatchObject({
        code: 2,
        err: expect.stringContaining('is no place for records'),
      });
    },
  );

  it('refuses a password in the address, a user without one, and says which file of TLS is missing', async () => {
    const { code, err } = await plimsoll(['history', 'volume', 'foo', '--records', 'etcd://root:hush@h:1']);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('ETCDCTL_PASSWORD') });
    expect(err).not.toContain('hush');
    const away = ['history', 'volume', 'foo', '--records', 'etcds://127.0.0.1:1'];
    expect(await plimsoll(away, { ETCDCTL_USER: 'root' })).toMatchObject({
      code: 2,
      err: expect.stringContaining('ETCDCTL_PASSWORD'),
    });
    expect(await plimsoll(away, { ETCDCTL_CACERT: join(state, 'none.pem') })).toMatchObject({
      code: 2,
      err: expect.stringContaining('none.pem, which ETCDCTL_CACERT names, could not be read'),
    });
  });
});

describe('plimsoll records settle', () => {
  const claimed = { records: [{ ...foo, version: 2 }] };

  it('tells the records what a run has done, and gives up what it has claimed and not begun; the second time there is nothing', async () => {
    await records.claim('web-1', makesFoo.records?.[0] ?? { ...foo, spec: {} }, by, never);
    await records.claim('web-1', { kind: 'container', name: 'app', spec: {} }, by, never);
    const path = await make([
      begin(['web-1'], { runId: run }),
      ...effects(makesFoo, claimed),
      ended('changed'),
      end('changed'),
    ]);
    expect((await plimsoll(['runs', run])).out).toContain(
      'version 2 of volume foo is made, and not in the records yet: plimsoll records settle',
    );
    expect(await plimsoll(['records', 'settle', run])).toEqual({
      code: 0,
      out: `Run ${run}: 1 version settled, 0 versions still owed.\n1 version had been claimed and not begun, and is given up.\n`,
      err: '',
    });
    expect((await records.all(undefined, never)).map(({ kind, state: is }) => `${kind} ${is}`)).toEqual([
      'container abandoned',
      'volume current',
    ]);
    expect(readFileSync(path, 'utf8').trim().split('\n').at(-1)).toContain('"type":"recorded"');
    expect(await plimsoll(['records', 'settle'])).toEqual({
      code: 0,
      out: `Run ${run}: 0 versions settled, 0 versions still owed.\n`,
      err: '',
    });
    expect((await plimsoll(['runs', run])).out).not.toContain('records settle');
  });

  it('while they are away: exit 4, and what is owed', async () => {
    await make([
      begin(['web-1'], { runId: run, records: 'etcd://127.0.0.1:1' }),
      ...effects(makesFoo, claimed),
      ended('changed'),
      end('changed'),
    ]);
    // Where the run recorded its versions is where it is settled.
    expect(await plimsoll(['records', 'settle'])).toMatchObject({
      code: 4,
      out: expect.stringContaining('1 version still owed.\nweb-1: version 2 of volume foo is made'),
      err: expect.stringContaining('etcd://127.0.0.1:1'),
    });
    expect(await plimsoll(['resume', run, '--yes'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('is done on every host'),
      err: expect.stringContaining('are not in the records yet'),
    });
  });

  it('resume settles it too', async () => {
    await records.claim('web-1', makesFoo.records?.[0] ?? { ...foo, spec: {} }, by, never);
    await make([begin(['web-1'], { runId: run }), ...effects(makesFoo, claimed), ended('changed'), end('changed')]);
    expect(await plimsoll(['resume', run, '--yes'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('is done on every host'),
      err: '',
    });
    expect((await records.all(undefined, never)).map(({ state: is }) => is)).toEqual(['current']);
  });
});

describe('plimsoll records abandon', () => {
  it('gives up what a run of a machine that is gone has claimed; not of one that is here', async () => {
    await records.claim('web-1', { ...foo, spec: {} }, { ...by, run: '20260101-000000-aaaaaa' }, never);
    expect(await plimsoll(['records', 'abandon', '20260101-000000-aaaaaa'])).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/there is no terminal to ask at\n {2}→ .*--yes/),
    });
    expect((await records.all(undefined, never)).map(({ state: is }) => is)).toEqual(['pending']);
    expect(await plimsoll(['records', 'abandon', '20260101-000000-aaaaaa', '--yes'])).toMatchObject({
      code: 0,
      out: 'web-1: version 1 of volume foo\n1 version of run 20260101-000000-aaaaaa given up.\n',
    });
    expect(await plimsoll(['records', 'abandon', '20260101-000000-aaaaaa', '--yes'])).toMatchObject({
      code: 0,
      out: '0 versions of run 20260101-000000-aaaaaa given up.\n',
    });
    await make([begin(['web-1'], { runId: run }), end('ok')]);
    expect(await plimsoll(['records', 'abandon', run])).toMatchObject({
      code: 4,
      err: expect.stringContaining('is on this machine'),
    });
  });
});
