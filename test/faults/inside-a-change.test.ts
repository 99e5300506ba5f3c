import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, describe, it } from 'vitest';
import type { ToolFault } from '../../lab/sim/spec.ts';
import { cases } from './cases.ts';
import { dueCases } from './due.ts';
import type { Dump } from './dump.ts';
import { differences, lasting } from './dump.ts';
import type { FaultCase } from './fault-case.ts';
import { titleOf } from './fault-case.ts';
import type { Ended } from './plimsoll.ts';
import { shown } from './plimsoll.ts';
import { Results, expectNone, fewAtOnce } from './results.ts';
import type { Scene } from './scene.ts';
import { undisturbed, withScene } from './scene.ts';

/** A call of a tool in the middle of what plimsoll never cuts: the first one that matches. */
interface Moment {
  readonly tool: string;
  readonly when: string;
  /** Its failure is of no account: the run goes on. */
  readonly harmless?: boolean;
  /** The volume's name may have been used then, and is not used again: the next version takes its place. */
  readonly nameUsed?: boolean;
  /** When it fails the new container has run, and is kept: only somebody who has looked at it can go on. */
  readonly kept?: boolean;
}

const restarting: Moment = { tool: 'systemctl', when: 'restart *' };
const docker = (when: string, more: Partial<Moment> = {}): Moment => ({ tool: 'docker', when, ...more });

/** In the order in which they come. */
const creation: readonly Moment[] = [
  docker('volume create *', { nameUsed: true }),
  docker('import -'),
  docker('create *'),
  docker('cp *'),
  docker('rm *'),
  docker('rmi *', { harmless: true }),
];
/** The first that copies. */
const livePass: Moment = { tool: 'rsync', when: '-aHAXSx *' };
const replacement: readonly Moment[] = [
  docker('inspect * app-new-* app-old-*'),
  docker('system dial-stdio'),
  docker('inspect *== all_is*'),
  docker('update --restart=no *'),
  docker('stop *'),
  docker('rename * app-old-*'),
  docker('rename * app'),
  docker('start *'),
  docker('inspect *{{.State.Running}} {{.State.Restarting}}*', { kept: true }),
];
const finalPass: readonly Moment[] = [
  { tool: 'rsync', when: '-aHAXSx * --modify-window=-1 --delete /*' },
  { tool: 'rsync', when: '-aHAXSnx *' },
];

/** Of a rollback, in the order in which they come. */
const undoing: readonly Moment[] = [
  docker('update --restart=no *'),
  docker('stop *'),
  docker('rename * app-new-*'),
  docker('rename * app'),
  docker('update --restart=always *'),
  docker('start *'),
  docker('rm *'),
];

/** Who uses a volume is asked, and asked again when that fails. */
const removing: readonly Moment[] = [
  docker('volume inspect *{{.Driver}} {{.Mountpoint}}*'),
  docker('inspect *{{.Source}}*', { harmless: true }),
  docker('volume rm *'),
];

/** What Compose itself does; it does the same on the way back. */
const composing: readonly Moment[] = [
  docker('compose *.yaml up *'),
  docker('stop *'),
  docker('rm *'),
  docker('rename *'),
  docker('start *'),
];

/** A resume that fails leaves a pool suspended; whatever happens, it must be active afterwards. */
const loopPool: readonly Moment[] = [
  { tool: 'truncate', when: '*/data' },
  { tool: 'losetup', when: '-c *' },
  { tool: 'truncate', when: '*/metadata' },
  { tool: 'dmsetup', when: 'load *' },
  { tool: 'dmsetup', when: 'table --inactive *-pool' },
  { tool: 'dmsetup', when: 'resume *' },
  { tool: 'dmsetup', when: 'status --noflush *-pool' },
];
/** Whatever fails, the daemon answers afterwards, and what ran runs. */
const offlinePool: readonly Moment[] = [
  docker('ps -q --no-trunc'),
  docker('stop *'),
  { tool: 'systemctl', when: 'stop docker.service' },
  { tool: 'dmsetup', when: 'ls' },
  { tool: 'truncate', when: '*/data' },
  { tool: 'truncate', when: '*/metadata' },
  { tool: 'systemctl', when: 'start *' },
  { tool: 'dmsetup', when: 'status --noflush *-pool' },
  docker('start *', { harmless: true }),
];
const lvmPool: readonly Moment[] = [
  { tool: 'lvextend', when: '*--poolmetadatasize*' },
  { tool: 'lvextend', when: '* -L *' },
  { tool: 'dmsetup', when: 'status --noflush docker-thinpool' },
];

/** The containers stop, the daemon starts with another driver. */
const switching: readonly Moment[] = [
  docker('stop *'),
  docker('ps -q'),
  restarting,
  docker('info --format {{.Driver}}'),
];

const rows: readonly {
  readonly operation: string;
  readonly on: string;
  readonly moments: readonly Moment[];
  readonly back: readonly Moment[];
}[] = [
  { operation: 'scale_volume', on: 'restart owed', moments: [{ tool: 'xfs_quota', when: '*limit *' }], back: [] },
  {
    operation: 'scale_volume',
    on: 'the daemon restarted',
    moments: [{ tool: 'xfs_quota', when: '*limit *' }, restarting],
    back: [{ tool: 'xfs_quota', when: '*limit *' }, restarting],
  },
  {
    operation: 'scale_volume',
    on: 'a container runs',
    moments: [...creation, livePass, ...replacement.slice(0, 5), ...finalPass, ...replacement.slice(5)],
    back: undoing,
  },
  {
    operation: 'repair_rootfs',
    on: 'the daemon restarted',
    moments: [{ tool: 'dmsetup', when: 'create docker-*' }, restarting, docker('start *')],
    back: [docker('stop *'), restarting],
  },
  { operation: 'recreate_container', on: '', moments: replacement, back: undoing },
  { operation: 'recreate_container', on: 'by Compose', moments: composing, back: composing },
  { operation: 'set_base_size', on: 'with a restart', moments: [restarting], back: [] },
  {
    operation: 'set_storage_driver',
    on: 'a container runs',
    moments: switching,
    back: [docker('ps -aq'), restarting, docker('start *')],
  },
  { operation: 'grow_pool', on: 'loop files', moments: loopPool, back: [] },
  { operation: 'grow_pool', on: 'several restart policies', moments: offlinePool, back: [] },
  { operation: 'grow_pool', on: 'LVM', moments: lvmPool, back: [] },
  {
    operation: 'clean_volumes',
    on: 'into quarantine',
    moments: [
      { tool: 'mv', when: '*quarantine*' },
      { tool: 'sync', when: '*/quarantine' },
    ],
    back: [{ tool: 'rm', when: '*quarantine/scrap*' }],
  },
  { operation: 'clean_volumes', on: 'time has come', moments: removing, back: [] },
  { operation: 'clean_volumes', on: 'at once', moments: removing.slice(2), back: [] },
  { operation: 'remove_container', on: '', moments: [{ tool: 'mv', when: '*quarantine*' }, docker('rm *')], back: [] },
  {
    operation: 'backup_volume',
    on: 'to the laptop',
    back: [],
    moments: [
      docker('stop *'),
      { tool: 'tar', when: '-C * -cf - .' },
      { tool: 'zstd', when: '-q -T0 -c' },
      { tool: 'tar', when: '-tf -' },
      docker('start *', { harmless: true }),
    ],
  },
  {
    operation: 'backup_volume',
    on: 'encrypted',
    back: [],
    moments: [
      { tool: 'zstd', when: '-q -dc' },
      { tool: 'tar', when: '-tf -' },
      { tool: 'age', when: '-r *' },
      { tool: 'tee', when: '/dev/fd/4' },
    ],
  },
  {
    operation: 'restore_volume',
    on: 'encrypted',
    back: [],
    moments: [
      { tool: 'age', when: '-d *' },
      { tool: 'zstd', when: '-q -dc' },
      { tool: 'tar', when: '*-xpf -' },
    ],
  },
  {
    operation: 'copy_volume',
    on: '',
    back: [],
    moments: [livePass, docker('stop *'), ...finalPass, docker('start *', { harmless: true })],
  },
];

const results = new Results('inside-a-change');
afterAll(() => results.print());

describe.each(dueCases(rows).map((row) => ({ ...row, one: caseOf(row) })))('$operation $on', ({ moments, one }) => {
  it('the power of the host fails at a call: resume leads to the end of an undisturbed run', async () => {
    const { end } = await undisturbed(one);
    await tryAll(one, moments, 'power failure at a call', (scene, moment) => powerFails(scene, moment, end));
  });

  it('a call fails: everything is as it was, or as it is to be; and resume leads to the end of an undisturbed run', async () => {
    const { end } = await undisturbed(one);
    await tryAll(one, moments, 'a call fails', (scene, moment) => callFails(scene, moment, end));
  });
});

describe.each(dueCases(rows.filter(({ back }) => back.length > 0)).map((row) => ({ ...row, one: caseOf(row) })))(
  'the rollback of $operation $on',
  ({ back, one }) => {
    it('a call of it fails: the container runs, the old one or the new; and another rollback leads to the start', async () => {
      const { start } = await undisturbed(one);
      await tryAll(one, back, 'a call of the rollback fails', (scene, moment) =>
        callOfRollbackFails(scene, moment, start),
      );
    });

    it('the power of the host fails at a call of it: another rollback leads to the start', async () => {
      const { start } = await undisturbed(one);
      await tryAll(one, back, 'power failure at a call of the rollback', (scene, moment) =>
        powerFailsInRollback(scene, moment, start),
      );
    });
  },
);

function caseOf({ operation, on }: { readonly operation: string; readonly on: string }): FaultCase {
  const found = cases.find((one) => one.operation === operation && one.on.includes(on));
  if (found === undefined) throw new Error(`no case of ${operation} on ${on}`);
  return found;
}

async function tryAll(
  one: FaultCase,
  moments: readonly Moment[],
  fault: string,
  work: (scene: Scene, moment: Moment) => Promise<readonly string[]>,
): Promise<void> {
  const wrong = await fewAtOnce(
    moments,
    (moment) =>
      withScene(one, async (scene) =>
        (await work(scene, moment)).map((problem) => `${moment.tool} ${moment.when}: ${problem}`),
      ),
    3,
  );
  results.add({
    operation: titleOf(one),
    fault,
    tried: moments.length,
    survived: wrong.filter((each) => each.length === 0).length,
  });
  expectNone(wrong.flat());
}

/** What the next version is called is of no account. */
function sameName(dump: Dump): Dump {
  const renamed = (text: string): string =>
    text.replaceAll('foo-2', 'foo-1').replaceAll('"plimsoll.version":"2"', '"plimsoll.version":"1"');
  return Object.fromEntries(Object.entries(dump).map(([name, text]) => [renamed(name), renamed(text)]));
}

const faultAt = ({ tool, when }: Moment, action: 'hang' | 'fail'): ToolFault => ({
  tool,
  when,
  action,
  argument: 1,
  once: true,
});

async function endOf(scene: Scene, { nameUsed = false, harmless = false }: Moment): Promise<Dump> {
  const dump = await scene.dumpWithLaptop();
  // An empty image of nobody's may be left.
  if (harmless)
    return Object.fromEntries(
      Object.entries(dump).filter(([name, text]) => !(/^state\/images\/./.test(name) && text.trim() === '')),
    );
  return nameUsed ? sameName(dump) : dump;
}

/** What it ended with, the host's power having failed at the moment. */
async function cutAt(scene: Scene, moment: Moment, start: () => Promise<Ended>): Promise<Ended> {
  await scene.host.setFaults([faultAt(moment, 'hang')]);
  const running = start();
  const isOver = running.then(() => true);
  while ((await scene.host.faultsSoFar()) === 0)
    if (await Promise.race([isOver, wait(50, false)])) throw new Error(`it ended before that: ${shown(await running)}`);
  await scene.host.cyclePower();
  await scene.host.setFaults([]);
  return running;
}

async function powerFails(scene: Scene, moment: Moment, end: Dump): Promise<readonly string[]> {
  const cut = await cutAt(scene, moment, () => scene.apply());
  if (cut.code === 0) return [`the run ended with success: ${shown(cut)}`];
  const broken = await scene.brokenInvariants();
  const resumed = await scene.plimsoll(['resume', '--yes']);
  if (resumed.code !== 0) return [...broken, `resume ended with ${shown(resumed)}`];
  return [
    ...broken,
    ...(await scene.settled()),
    ...(await scene.brokenInvariants('known state')),
    ...(await scene.brokenAtEnd()),
    ...differences(lasting(end), lasting(await endOf(scene, moment))),
  ];
}

async function callFails(scene: Scene, moment: Moment, end: Dump): Promise<readonly string[]> {
  await scene.host.setFaults([faultAt(moment, 'fail')]);
  const failed = await scene.apply();
  const faults = await scene.host.faultsSoFar();
  if (faults !== 1) return [`it was called ${String(faults)} times: ${shown(failed)}`];
  await scene.host.setFaults([]);
  const broken = [...(await scene.settled()), ...(await scene.brokenInvariants())];
  if (moment.kept === true)
    return [
      ...broken,
      ...(/kept, stopped/.test(failed.printed) ? [] : [`it does not say that the new one is kept: ${shown(failed)}`]),
    ];
  const last = failed.code === 0 ? failed : await scene.plimsoll(['resume', '--yes']);
  if ((failed.code === 0) !== (moment.harmless === true)) broken.push(`the run ended with ${shown(failed)}`);
  if (last.code !== 0) return [...broken, `resume ended with ${shown(last)}`];
  return [
    ...broken,
    ...(await scene.settled()),
    ...(await scene.brokenInvariants('known state')),
    ...(await scene.brokenAtEnd()),
    ...differences(end, await endOf(scene, moment)),
  ];
}

async function applied(scene: Scene): Promise<string> {
  const done = await scene.apply();
  const run = await scene.run();
  if (done.code !== 0 || run === undefined) throw new Error(`nothing to be rolled back: ${shown(done)}`);
  return run;
}

async function callOfRollbackFails(scene: Scene, moment: Moment, start: Dump): Promise<readonly string[]> {
  const run = await applied(scene);
  await scene.host.setFaults([faultAt(moment, 'fail')]);
  const failed = await scene.plimsoll(['rollback', run, '--yes']);
  const faults = await scene.host.faultsSoFar();
  if (faults !== 1) return [`it was called ${String(faults)} times: ${shown(failed)}`];
  await scene.host.setFaults([]);
  const broken = [...(await scene.settled()), ...(await scene.brokenInvariants())];
  if (failed.code === 0) return [...broken, `the rollback ended with ${shown(failed)}`];
  return [...broken, ...(await rollsBack(scene, run, start))];
}

async function powerFailsInRollback(scene: Scene, moment: Moment, start: Dump): Promise<readonly string[]> {
  const run = await applied(scene);
  const cut = await cutAt(scene, moment, () => scene.plimsoll(['rollback', run, '--yes']));
  if (cut.code === 0) return [`the rollback ended with success: ${shown(cut)}`];
  return [...(await scene.brokenInvariants()), ...(await rollsBack(scene, run, lasting(start), lasting))];
}

async function rollsBack(
  scene: Scene,
  run: string,
  start: Dump,
  seen = (dump: Dump): Dump => dump,
): Promise<readonly string[]> {
  const again = await scene.plimsoll(['rollback', run, '--yes']);
  if (again.code !== 0) return [`the second rollback ended with ${shown(again)}`];
  return [
    ...(await scene.settled()),
    ...(await scene.brokenInvariants('known state')),
    ...differences(start, seen(await scene.dump())),
  ];
}
