// lab: 600 s, recreate_container
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ran } from '../../support/plimsoll.ts';
import { inspect } from './inspected.ts';
import { nativeFleet, type NativeFleet } from '../native-fleet.ts';

type How = 'fail' | 'before' | 'after';

/** Whoever is free takes the next: two machines, for two processors. */
const lanes: NativeFleet[] = [];
let calls: readonly string[] = [];

beforeAll(async () => {
  // Docker 20.10 has the most calls: it connects to a second network by one of its own.
  lanes.push(...(await Promise.all([nativeFleet('overlay2-20'), nativeFleet('overlay2-20')])));
  const wrapper = await readFile(join(import.meta.dirname, '../guest', 'docker-fault.sh'), 'utf8');
  for (const { machine } of lanes) {
    const put = await machine.exec(
      'cat >/usr/local/sbin/docker && chmod 755 /usr/local/sbin/docker && docker network create --subnet 10.91.0.0/24 lab-a && docker network create --subnet 10.92.0.0/24 lab-b',
      { stdin: wrapper },
    );
    expect(put.code, put.stderr).toBe(0);
  }
  const [first] = lanes;
  if (first === undefined) throw new Error('no machine');
  const { applied } = await disturbed(first, 0, 'fail');
  expect(applied.code, `${applied.stdout}${applied.stderr}`).toBe(0);
  calls = (await first.machine.sh('cat /run/fault/calls'))
    .trim()
    .split('\n')
    .map((call) => call.trim());
  expect(calls.length).toBeGreaterThanOrEqual(17);
});
afterAll(() => Promise.all(lanes.map((lane) => lane.stop())));

const everyCall = async (
  work: (lane: NativeFleet, number: number, call: string) => Promise<readonly string[]>,
): Promise<void> => {
  const queue = [...calls.entries()];
  const wrong: string[] = [];
  await Promise.all(
    lanes.map(async (lane) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const [index, call] = next;
        const found = await work(lane, index + 1, call);
        wrong.push(...found.map((problem) => `call ${String(index + 1)}, docker ${call}: ${problem}`));
      }
    }),
  );
  expect(wrong).toEqual([]);
};

interface Disturbed {
  readonly id: string;
  readonly applied: Ran;
  /** The call has come, and the fault with it. */
  readonly came: boolean;
}

/** How often the gate looks at the new container depends on the clock, so that a run may have one call less than another. */
async function disturbed(lane: NativeFleet, number: number, how: How): Promise<Disturbed> {
  let last = await disturbedOnce(lane, number, how);
  for (let tries = 1; tries < 5 && number > 0 && !last.came && last.applied.code === 0; tries += 1)
    last = await disturbedOnce(lane, number, how);
  return last;
}

/** A container made afresh, and a replacement of it with a fault at one of its calls. */
async function disturbedOnce(lane: NativeFleet, number: number, how: How): Promise<Disturbed> {
  const { machine } = lane;
  await machine.sh(`rm -rf /run/fault /var/lib/plimsoll/replaced; docker rm -f -v $(docker ps -aq) >/dev/null 2>&1; docker volume rm -f app-data >/dev/null
    docker create --name app --restart always --stop-timeout 1 -v app-data:/data -v /anonymous --network lab-a --ip 10.91.0.50 -e 'PASSWORD=correct horse' --init busybox:lab sleep 1000000 >/dev/null
    docker network connect --ip 10.92.0.50 lab-b app && docker start app >/dev/null
    mkdir /run/fault && echo ${String(number)} >/run/fault/at && echo ${how} >/run/fault/how`);
  const { Id: id } = await inspect(machine, 'app');
  const applied = await lane.run(
    'apply',
    await lane.playbook('app', { recreate_container: { container: 'app', memory: '64MiB', gate: { seconds: 1 } } }),
    '--yes',
  );
  return { id, applied, came: (await machine.exec('test -f /run/fault/done')).code === 0 };
}

/** What is not as it must be when the old one is back, or the new one in its place. */
async function problems(
  { machine }: NativeFleet,
  old: string,
  which: 'old' | 'new',
  mayBeKept = false,
): Promise<readonly string[]> {
  const app = await inspect(machine, 'app');
  const others = (await machine.sh(`docker ps -a --format '{{.Names}}' | grep -v '^app$' || true`)).trim();
  const left = (await machine.sh('ls /var/lib/plimsoll/replacing 2>/dev/null || true')).trim();
  const rightOthers = which === 'new' ? /^app-old-[0-9a-f]{12}$/ : mayBeKept ? /^(app-new-[0-9a-f]{12})?$/ : /^$/;
  return [
    ...((app.Id === old) === (which === 'old') ? [] : [`app is not the ${which} one`]),
    ...(app.State.Running ? [] : ['app does not run']),
    ...(app.HostConfig['Memory'] === (which === 'old' ? 0 : 64 * 1024 ** 2) ? [] : ['app has another limit']),
    ...((app.HostConfig['RestartPolicy'] as { readonly Name: string }).Name === 'always'
      ? []
      : ['app has another restart policy']),
    ...(Object.keys(app.NetworkSettings.Networks).length === 2 ? [] : ['app is not in both networks']),
    ...(rightOthers.test(others) ? [] : [`there are others: ${others}`]),
    ...(left === '' ? [] : [`a replacement is not ended: ${left}`]),
  ];
}

describe('a replacement that is disturbed at a call of docker, on Docker 20.10', () => {
  it('whose work is killed is ended by resume', async () => {
    await everyCall(async (lane, number) => {
      const { id, applied, came } = await disturbed(lane, number, number % 2 === 0 ? 'before' : 'after');
      if (!came || applied.code === 0) return [`it was not cut: ${applied.stdout}`];
      const resumed = await lane.run('resume', await lane.newestRun(), '--yes');
      return [
        ...(resumed.code === 0 ? [] : [`resume: ${resumed.stdout}${resumed.stderr}`]),
        ...(await problems(lane, id, 'new')),
      ];
    });
  });

  it('whose work is killed is taken back by rollback', async () => {
    await everyCall(async (lane, number) => {
      const { id, applied, came } = await disturbed(lane, number, number % 2 === 0 ? 'after' : 'before');
      if (!came || applied.code === 0) return [`it was not cut: ${applied.stdout}`];
      const back = await lane.run('rollback', await lane.newestRun(), '--yes');
      return [
        ...(back.code === 0 ? [] : [`rollback: ${back.stdout}${back.stderr}`]),
        ...(await problems(lane, id, 'old')),
      ];
    });
  });

  it('one of whose calls fails leaves the old one running; a question that goes without an answer may also be of no account', async () => {
    await everyCall(async (lane, number, call) => {
      const { id, applied, came } = await disturbed(lane, number, 'fail');
      if (!came) return [`it has not failed: ${applied.stdout}`];
      if (applied.code === 0)
        return call.startsWith('inspect ') ? problems(lane, id, 'new') : ['it ended with success'];
      return problems(lane, id, 'old', /kept, stopped/.test(applied.stdout));
    });
  });
});
