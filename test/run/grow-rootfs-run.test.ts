import { beforeAll, describe, expect, it } from 'vitest';
import { loadAll } from '../../src/config/load.ts';
import { containers } from '../../src/facts/containers/containers.ts';
import { deviceMapper } from '../../src/facts/host/device-mapper.ts';
import { dockerInfo } from '../../src/facts/daemon/docker.ts';
import { thinRootfs } from '../../src/facts/rootfs/thin-rootfs.ts';
import { operations } from '../../src/operations/registry.ts';
import { nothingBefore } from '../../src/run/journal/basis.ts';
import type { RunEvent } from '../../src/run/report/event.ts';
import { laptopAt } from '../../src/run/reach/laptop.ts';
import type { RunResult } from '../../src/run/report/recap.ts';
import { run } from '../../src/run/run.ts';
import type { CommandHandler } from '../../src/transport/local/memory.ts';
import { createMemoryTransport } from '../../src/transport/local/memory.ts';
import { laptop as configLaptop } from '../config/io.ts';
import { recorded } from '../sim/transcripts.ts';
import { endingAtOnce, holder } from './links.ts';
import { nothingRecorded } from './records.ts';

const hexOf = (text: string): string => Buffer.from(text).toString('hex');

/** A recorded host that is twice as large once an effect has been run on it, if it really grows. */
class Recorded {
  readonly effects: string[] = [];
  readonly #answers = new Map<string, string>();
  readonly #grows: boolean;

  constructor(answers: ReadonlyMap<string, string>, grows: boolean) {
    this.#grows = grows;
    this.#answers = new Map(answers);
  }

  readonly handler: CommandHandler = endingAtOnce(({ script }) => {
    const stdout = this.#answers.get(script);
    if (stdout === undefined) {
      this.effects.push(script);
      return { status: 0 };
    }
    return { stdout: this.#grows && this.effects.length > 0 ? grown(stdout) : stdout };
  });
}

function grown(stdout: string): string {
  return stdout
    .replaceAll('0 655360 thin', '0 1310720 thin')
    .replaceAll('bytes 335544320', 'bytes 671088640')
    .replaceAll('datablocks = 81920', 'datablocks = 163840')
    .replaceAll(hexOf('"size":335544320'), hexOf('"size":671088640'))
    .replace(/^df \d+/m, 'df 603979776');
}

let answers: ReadonlyMap<string, string>;
beforeAll(async () => {
  const { facts } = await recorded('dm-xfs');
  const answer = (name: string): string => facts.find((one) => one.name.startsWith(name))?.stdout ?? '';
  answers = new Map([dockerInfo, containers, deviceMapper, thinRootfs].map((fact) => [fact.script, answer(fact.name)]));
});

async function grow(
  hosts: Readonly<Record<string, Recorded>>,
  more: { readonly mode?: 'plan' } = {},
): Promise<{ readonly result: RunResult; readonly events: readonly RunEvent[] }> {
  const inventory = `hosts:\n${Object.keys(hosts)
    .map((name) => `  ${name}: { user: root }\n`)
    .join('')}`;
  const loaded = await loadAll(
    { inventoryFiles: ['i'], playbookFile: 'p', registry: operations },
    configLaptop({
      files: { i: inventory, p: 'hosts: all\nsteps:\n  - grow_rootfs: { container: c1, size: "200%" }\n' },
    }),
  );
  const events: RunEvent[] = [];
  const result = await run({
    runId: 'test',
    mode: 'apply',
    playbook: 'p',
    plays: loaded.plays,
    extraVars: {},
    operations,
    transport: createMemoryTransport({
      hosts: Object.fromEntries(Object.entries(hosts).map(([name, { handler }]) => [name, handler])),
    }),
    laptop: laptopAt('.'),
    part: 0,
    basis: nothingBefore,
    lock: { holder, waitMs: 0 },
    reconnectMs: 0,
    records: nothingRecorded,
    detach: new AbortController().signal,
    forks: 10,
    mayRead: [],
    signal: new AbortController().signal,
    emit: (event) => events.push(event),
    openJournal: () => Promise.resolve({ append: () => Promise.resolve(), close: () => Promise.resolve() }),
    review: () => Promise.resolve(true),
    exitCodeForPending: 10,
    ...more,
  });
  return { result, events };
}

describe('grow_rootfs on hosts that answer as a real one did', () => {
  it('the plan reads and nothing else', async () => {
    const host = new Recorded(answers, true);
    const { result } = await grow({ host }, { mode: 'plan' });
    expect({ effects: host.effects, exitCode: result.exitCode, pending: result.pending }).toEqual({
      effects: [],
      exitCode: 10,
      pending: true,
    });
  });

  it('one script does it, the law holds after it, and what is owed is said', async () => {
    const host = new Recorded(answers, true);
    const { result, events } = await grow({ host });
    expect(result).toMatchObject({
      status: 'changed',
      exitCode: 0,
      hosts: [
        { applied: ['c1: 320 MiB → 640 MiB (xfs)'], owed: [expect.stringContaining('c1 is not restart-safe yet')] },
      ],
    });
    expect(host.effects).toEqual([
      expect.stringMatching(/dmsetup load[^]*dmsetup resume[^]*write_beside[^]*xfs_growfs/),
    ]);
    expect(events.map(({ type }) => type)).toContain('step.verified');
    const again = await grow({ host });
    expect({ applied: again.result.hosts[0]?.applied.length, effects: host.effects.length }).toEqual({
      applied: 1,
      effects: 2,
    });
  });

  it('a script that says success and changes nothing is found out, and the other host goes on', async () => {
    const [honest, liar] = [new Recorded(answers, true), new Recorded(answers, false)];
    const { result } = await grow({ honest, liar });
    expect(result).toMatchObject({
      exitCode: 1,
      hosts: [
        { host: 'honest', status: 'changed' },
        {
          host: 'liar',
          status: 'failed',
          error: {
            code: 'verification-failed',
            message: expect.stringContaining('still to do: c1: 320 MiB → 640 MiB'),
          },
        },
      ],
    });
  });
});
