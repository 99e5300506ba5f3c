import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fleet } from '../../../lab/sim/fleet.ts';
import { startFleet } from '../../../lab/sim/fleet.ts';
import { Interrupts } from '../../../src/cli/interrupts.ts';
import { program } from '../../../src/cli/program.ts';
import { reportError } from '../../../src/cli/report-error.ts';
import type { World } from '../../../src/cli/world.ts';
import { nodeConfigIo } from '../../../src/config/node-io.ts';
import { toAppError } from '../../../src/errors.ts';
import { createFileStore } from '../../../src/records/file-store.ts';
import { VersionRecords } from '../../../src/records/records.ts';
import { exitCodeOfError } from '../../../src/run/report/exit-status.ts';
import { keptScreens } from '../../support/kept-screens.ts';

const never = new AbortController().signal;
const labelled = [
  'docker volume create --label plimsoll.volume=foo --label plimsoll.version=1 foo-1',
  'docker volume create --label plimsoll.volume=foo --label plimsoll.version=2 --opt size=20971520 foo-2',
];

let fleet: Fleet;
let inventory = '';
let records: VersionRecords;
beforeEach(async () => {
  fleet = await startFleet(['web-1', 'web-2'].map((name) => ({ name, kind: 'overlay2-pquota' })));
  inventory = await fleet.writeTo(join(fleet.directory, 'inventory'));
  records = new VersionRecords(createFileStore(join(fleet.directory, 'shared')));
});
afterEach(() => fleet.stop());

interface Answering {
  /** What the operator answers; undefined: there is no terminal. */
  readonly answer?: string;
  /** Done while he thinks. */
  readonly meanwhile?: () => Promise<void>;
}

async function rebuild(
  { answer, meanwhile }: Answering,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string; readonly asked: readonly string[] }> {
  const { text, screen } = keptScreens();
  const asked: string[] = [];
  const ask = async (question: string): Promise<string> => {
    asked.push(text.out + question);
    await meanwhile?.();
    return answer ?? '';
  };
  const world: World = {
    io: nodeConfigIo({ HOME: fleet.directory }),
    out: screen('out'),
    err: screen('err'),
    interrupts: new Interrupts(),
    agentSocket: undefined,
    stateDirectory: join(fleet.directory, 'state'),
    who: 'ann@laptop',
    interactive: answer !== undefined,
    ask,
  };
  try {
    return {
      code: await program(world).run([
        'records',
        'rebuild',
        '-i',
        inventory,
        '--records',
        `file:${join(fleet.directory, 'shared')}`,
        ...args,
      ]),
      ...text,
      asked,
    };
  } catch (thrown) {
    const error = toAppError(thrown);
    reportError(world, error, false);
    return { code: exitCodeOfError(error.code), ...text, asked };
  }
}

const states = async (): Promise<readonly string[]> =>
  (await records.all(undefined, never))
    .map(({ host, name, version, state }) => `${host} ${name} ${String(version)} ${state}`)
    .toSorted();
const shown =
  'web-1: version 1 of volume foo (foo-1): not recorded → replaced\nweb-1: version 2 of volume foo (foo-2 20 MiB): not recorded → current\n';

describe('plimsoll records rebuild', () => {
  it('shows what it would write, asks once, and writes nothing unless it is told to', async () => {
    await fleet.hosts[0]?.run(labelled.join(';'));
    const alone = await rebuild({});
    expect(alone).toMatchObject({
      code: 2,
      out: '',
      asked: [],
      err: expect.stringMatching(/there is no terminal to ask at\n {2}→ .*--yes/),
    });
    const no = await rebuild({ answer: '' });
    expect(no).toMatchObject({ code: 130, out: shown, err: expect.stringContaining('nothing was written') });
    expect(no.asked).toEqual([`${shown}Write this down in file:${join(fleet.directory, 'shared')}? [y/N] `]);
    expect(await states()).toEqual([]);

    expect(await rebuild({ answer: 'y' })).toMatchObject({
      code: 0,
      out: `${shown}web-1: 2 versions written\nweb-2: 0 versions written\n`,
      err: expect.not.stringContaining('→'),
    });
    expect(await states()).toEqual(['web-1 foo 1 replaced', 'web-1 foo 2 current']);
    // There is nothing to be asked about any more.
    expect(await rebuild({ answer: 'y' })).toMatchObject({
      code: 0,
      out: 'web-1: 0 versions written\nweb-2: 0 versions written\n',
      asked: [],
    });
    await fleet.hosts[0]?.run('docker volume rm foo-2');
    expect(await rebuild({}, '--yes')).toMatchObject({
      code: 0,
      asked: [],
      out: expect.stringContaining(
        'web-1: version 1 of volume foo (foo-1): replaced → current\nweb-1: version 2 of volume foo (foo-2 20 MiB): current → replaced\n',
      ),
    });
  });

  it('writes what was shown, or nothing where others have written meanwhile', async () => {
    await fleet.hosts[0]?.run(labelled.join(';'));
    const meanwhile = async (): Promise<void> => {
      await records.write(
        {
          v: 1,
          kind: 'volume',
          host: 'web-1',
          name: 'foo',
          version: 2,
          spec: { name: 'foo-2' },
          state: 'current',
          run: 'other',
          who: 'bob@laptop',
          at: '2026-01-01T00:00:00Z',
        },
        never,
      );
    };
    expect(await rebuild({ answer: 'yes', meanwhile })).toMatchObject({
      code: 5,
      out: expect.stringContaining(
        'web-1: the records have been changed since this was shown, so nothing more was written for this host',
      ),
    });
    expect(await states()).toEqual(['web-1 foo 2 current']);
  });

  it('shows of two hosts that claim one instance that the second is not believed', async () => {
    for (const host of fleet.hosts)
      await host.run('docker volume create --label plimsoll.scaled=elk --label plimsoll.index=1 elk-1');
    const ran = await rebuild({ answer: 'y' });
    expect(ran.asked).toEqual([
      expect.stringMatching(
        /^web-2: the labels on web-2 are not believed: elk-1 is that of web-1\n {2}→ .*\nweb-1: instance elk-1 of scaled volume elk: not recorded → current\nWrite this down/,
      ),
    ]);
    expect(ran).toMatchObject({
      code: 4,
      out: expect.stringContaining('web-1: 0 versions written; scaled volumes put right: elk\n'),
    });
    expect((await records.scaled('elk', never)).instances).toMatchObject([
      { index: 1, host: 'web-1', state: 'current' },
    ]);
    await rm(join(fleet.directory, 'shared'), { recursive: true });
  });
});
