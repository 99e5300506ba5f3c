import { Command } from '@commander-js/extra-typings';
import pLimit from 'p-limit';
import { loadInventory } from '../config/inventory.ts';
import { readLimit, selectHosts } from '../config/select.ts';
import type { Host } from '../config/types.ts';
import type { HostStatus } from '../errors.ts';
import { AppError, hostStatusOf, neverReached, toAppError } from '../errors.ts';
import type { Volume } from '../facts/volumes.ts';
import { volumes } from '../facts/volumes.ts';
import { rebuilt } from '../records/rebuild.ts';
import { rebuiltScaled, scaledOnHost } from '../records/rebuild-scaled.ts';
import type { VersionRecords } from '../records/records.ts';
import type { VersionRecord } from '../records/version-record.ts';
import { withoutName } from '../render/words.ts';
import { exitCodeOf, worst } from '../run/exit-status.ts';
import { historyOf } from '../run/history.ts';
import type { Claim } from '../run/records.ts';
import { holderOf, holdRun } from '../run/run-lock.ts';
import { findRun, listRuns, openRun } from '../run/run-store.ts';
import type { Transport } from '../transport/transport.ts';
import { neutralise } from '../values/terminal.ts';
import { count, inventoryFiles, inventoryOptions, overridesOf, recordsOption } from './options.ts';
import { versionRecords } from './session.ts';
import { settleRecords } from './settle-records.ts';
import { sshTransport } from './ssh-transport.ts';
import { SecretReader, showWarnings } from './secrets.ts';
import type { World } from './world.ts';
import { byHand } from '../values/shell.ts';

export function recordsCommand(world: World, end: (exitCode: number) => void) {
  return new Command('records')
    .addCommand(settleCommand(world, end))
    .addCommand(abandonCommand(world, end))
    .addCommand(rebuildCommand(world, end));
}

function settleCommand(world: World, end: (exitCode: number) => void) {
  return new Command('settle')
    .description('Tell the records what a run of this machine has done while they were away; connects to no host')
    .argument('[run]', 'the run, or the beginning of its id; the newest one when absent')
    .addOption(recordsOption())
    .action(async (wanted, { records }) => {
      const place = await findRun(world.stateDirectory, wanted);
      const held = await holdRun(world.stateDirectory, place.runId);
      try {
        const { records: journal } = await openRun(world.stateDirectory, place.runId);
        const { records: now, owed, errors: [error] } = await settleRecords(world, place, journal, { records });
        const lines = [`Run ${place.runId}: ${versionCount(now.length - journal.length)} settled, ${versionCount(owed.length)} still owed.`, ...owed.map(({ host, text }) => `${host}: ${text}`)];
        world.out.write(neutralise(`${lines.join('\n')}\n`));
        if (error !== undefined) throw error;
        const orphans = await abandonUnknown(world, place.runId, now, records);
        if (orphans > 0) world.out.write(`${versionCount(orphans)} had been claimed and not begun, and ${orphans === 1 ? 'is' : 'are'} given up.\n`);
        end(0);
      } finally {
        await held.release();
      }
    });
}

/** What the run has claimed and then never begun: it was cut in between. Resolves with how many of these there were. */
async function abandonUnknown(world: World, runId: string, journal: Parameters<typeof historyOf>[0], given: string | undefined): Promise<number> {
  const { hosts, recordsAt } = historyOf(journal);
  const kept = versionRecords(world, given ?? recordsAt);
  const known = new Set(hosts.flatMap(({ host, versions }) => versions.map(({ note, version }) => `${host} ${note.kind} ${note.name} ${String(version)}`)));
  const isKnown = ({ host, kind, name, version }: VersionRecord | (Claim & { readonly host: string })): boolean => known.has(`${host} ${kind} ${name} ${String(version)}`);
  const { stop } = world.interrupts;
  const orphans = await kept.abandon(runId, hosts.map(({ host }) => host), isKnown, stop);
  const instances = await kept.scaledVolumes.giveUp(runId, isKnown, stop);
  return orphans.length + instances;
}

function abandonCommand(world: World, end: (exitCode: number) => void) {
  return new Command('abandon')
    .description('Give up the versions that a run has claimed and not made, when the machine that has its journal is gone; connects to no host')
    .argument('<run>', 'the run’s whole id')
    .addOption(recordsOption())
    .action(async (run, { records }) => {
      const here = (await listRuns(world.stateDirectory)).some(({ runId }) => runId === run);
      if (here || (await holderOf(world.stateDirectory, run)) !== undefined) throw new AppError('refused', `run ${run} is on this machine, and its journal says what became of its versions`, { hint: `${byHand('plimsoll', 'resume', run)} (or rollback), then ${byHand('plimsoll', 'records', 'settle', run)}` });
      const kept = versionRecords(world, records);
      const given = await kept.abandon(run, undefined, () => false, world.interrupts.stop);
      for (const { host, kind, name, version } of given) world.out.write(neutralise(`${host}: version ${String(version)} of ${kind} ${name}\n`));
      world.out.write(neutralise(`${versionCount(given.length)} of run ${run} given up.\n`));
      end(0);
    });
}

function rebuildCommand(world: World, end: (exitCode: number) => void) {
  return inventoryOptions(new Command('rebuild'))
    .description('Write the versions of volumes, and the instances of scaled ones, down anew from their labels on the hosts; changes nothing on a host')
    .argument('[pattern]', 'only these hosts', 'all')
    .option('-f, --forks <n>', 'hosts to connect to at once', count, 50)
    .addOption(recordsOption())
    .action(async (pattern, options) => {
      const { io, interrupts: { stop } } = world;
      const inventory = await loadInventory(inventoryFiles(options.inventory), io, overridesOf(options));
      const limit = options.limit === undefined ? undefined : await readLimit(options.limit, io);
      showWarnings(world, inventory.warnings);
      const hosts = await new SecretReader(world, options).read(inventory, selectHosts(inventory, pattern, limit));
      const kept = versionRecords(world, options.records);
      await kept.check(stop);
      const transport = sshTransport(world);
      const forks = pLimit(options.forks);
      try {
        end(exitCodeOf(worst(await Promise.all(hosts.map((host) => forks(() => rebuildHost(world, transport, kept, host)))))));
      } finally {
        await transport.close();
      }
    });
}

async function rebuildHost(world: World, transport: Transport, kept: VersionRecords, { name, target }: Host): Promise<HostStatus> {
  const signal = world.interrupts.stop;
  try {
    const connection = await transport.connect(target, signal);
    const found = volumes.parse(await connection.run({ script: volumes.script, repeatable: true, prints: 'data' }, { signal }), []);
    await connection.close();
    const versions = rebuilt(name, found, await kept.all(name, signal), world.who);
    for (const version of versions) await kept.write(version, signal);
    const scaled = await rebuildScaled(world, kept, name, found);
    world.out.write(neutralise(`${name}: ${versionCount(versions.length)} written${scaled.length === 0 ? '' : `; scaled volumes put right: ${scaled.join(', ')}`}\n`));
    return versions.length === 0 && scaled.length === 0 ? 'ok' : 'changed';
  } catch (thrown) {
    const error = neverReached(toAppError(thrown));
    if (error.code === 'internal') throw error;
    world.out.write(neutralise(`${name}: ${withoutName(error.message, name)}${error.hint === undefined ? '' : `\n  → ${error.hint}`}\n`));
    return hostStatusOf(error.code);
  }
}

/** Resolves with the names of the scaled volumes that something was written of. */
async function rebuildScaled({ interrupts: { stop }, who }: World, { scaledVolumes }: VersionRecords, host: string, found: readonly Volume[]): Promise<readonly string[]> {
  const here = scaledOnHost(found);
  const recorded = (await scaledVolumes.all(stop)).filter(({ instances }) => instances.some((one) => one.host === host)).map(({ name }) => name);
  const written: string[] = [];
  for (const name of new Set([...here.keys(), ...recorded])) {
    if (await scaledVolumes.edit(name, (record) => rebuiltScaled(record, host, here.get(name) ?? [], who), stop)) written.push(name);
  }
  return written;
}

function versionCount(number: number): string {
  return `${String(number)} version${number === 1 ? '' : 's'}`;
}
