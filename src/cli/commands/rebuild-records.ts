import { Command } from '@commander-js/extra-typings';
import pLimit from 'p-limit';
import type { Host } from '../../config/model/types.ts';
import type { HostStatus } from '../../errors.ts';
import { AppError, hostStatusOf, neverReached, toAppError } from '../../errors.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import { type HostRebuild, rebuildOf, sameRebuild } from '../../records/rebuild-host.ts';
import type { VersionRecords } from '../../records/records.ts';
import type { ScaledRecord } from '../../records/scaled-record.ts';
import { count, withoutName } from '../../render/words.ts';
import { exitCodeOf, worst } from '../../run/report/exit-status.ts';
import type { Transport } from '../../transport/transport.ts';
import { canonicalJson } from '../../values/json.ts';
import { neutralise, oneLine } from '../../values/terminal.ts';
import { selected } from '../asking/select.ts';
import { confirmation } from '../continue-command.ts';
import { count as number, inventoryOptions, recordsOption } from '../options.ts';
import { versionRecords } from '../session.ts';
import { sshTransport } from '../ssh-transport.ts';
import type { World } from '../world.ts';

/** What a host has, and what that would change in the records. */
interface Found {
  readonly host: string;
  readonly volumes: readonly Volume[];
  readonly rebuild: HostRebuild;
}

/** How a host has ended of which nothing is written; why, has been said. */
interface Failed {
  readonly status: HostStatus;
}

export function rebuildCommand(world: World, end: (exitCode: number) => void) {
  return inventoryOptions(new Command('rebuild'))
    .description(
      'Write the versions of volumes, and the instances of scaled ones, down anew from their labels on the hosts; shows first what it writes, and changes nothing on a host',
    )
    .argument('[pattern]', 'only these hosts', 'all')
    .option('-f, --forks <n>', 'hosts to connect to at once', number, 50)
    .option('-y, --yes', 'do not ask')
    .addOption(recordsOption())
    .action(async (pattern, options) => {
      const { stop } = world.interrupts;
      const kept = versionRecords(world, options.records);
      const confirm = confirmation(world, options, `Write this down in ${oneLine(kept.place)}?`);
      confirm.ready();
      const hosts = await selected(world, options, pattern);
      await kept.check(stop);
      const found = await compare(world, kept, await readVolumes(world, hosts, options.forks));
      const different = found.filter((one): one is Found => 'rebuild' in one && one.rebuild.lines.length > 0);
      for (const {
        host,
        rebuild: { lines },
      } of different)
        world.out.write(neutralise(lines.map((line) => `${host}: ${line}\n`).join('')));
      if (different.length > 0 && !(await confirm.ask())) throw new AppError('interrupted', 'nothing was written');
      const statuses: HostStatus[] = [];
      // One after the other, as it was shown: of two hosts that claim the same instance the first one has it.
      for (const one of found)
        statuses.push(
          ('status' in one ? one : await tolerantly(world, one.host, () => write(world, kept, one))).status,
        );
      end(exitCodeOf(worst(statuses)));
    });
}

type Read = { readonly host: string; readonly volumes: readonly Volume[] } | Failed;

async function readVolumes(world: World, hosts: readonly Host[], atOnce: number): Promise<readonly Read[]> {
  const transport = sshTransport(world);
  const forks = pLimit(atOnce);
  try {
    return await Promise.all(
      hosts.map((host) => forks(() => tolerantly(world, host.name, () => readHost(world, transport, host)))),
    );
  } finally {
    await transport.close();
  }
}

async function readHost(world: World, transport: Transport, { name, target }: Host): Promise<Read> {
  const signal = world.interrupts.stop;
  const connection = await transport.connect(target, signal);
  const found = volumes.parse(
    await connection.run({ script: volumes.script, repeatable: true, prints: 'data' }, { signal }),
    [],
  );
  await connection.close();
  return { host: name, volumes: found };
}

async function compare(
  world: World,
  kept: VersionRecords,
  read: readonly Read[],
): Promise<readonly (Found | Failed)[]> {
  const signal = world.interrupts.stop;
  const sets = new Map((await kept.scaledVolumes.all(signal)).map((record) => [record.name, record]));
  const found: (Found | Failed)[] = [];
  for (const one of read) {
    if ('status' in one) {
      found.push(one);
      continue;
    }
    const compared = await tolerantly<Found>(world, one.host, async () => ({
      ...one,
      rebuild: rebuildOf(one.host, one.volumes, await kept.all(one.host, signal), [...sets.values()], world.who),
    }));
    if ('rebuild' in compared) for (const { record } of compared.rebuild.scaled) sets.set(record.name, record);
    found.push(compared);
  }
  return found;
}

/** What was shown, or nothing: others may have written since. */
async function write(
  world: World,
  kept: VersionRecords,
  { host, volumes: its, rebuild }: Found,
): Promise<{ readonly status: HostStatus }> {
  const {
    who,
    interrupts: { stop },
  } = world;
  const now = rebuildOf(host, its, await kept.all(host, stop), await kept.scaledVolumes.all(stop), who);
  if (!sameRebuild(now, rebuild)) throw changedMeanwhile();
  for (const version of now.versions) await kept.write(version, stop);
  for (const {
    record: { name },
  } of now.scaled)
    await kept.scaledVolumes.edit(name, (record) => asShown(record, host, its, who, rebuild), stop);
  const names = now.scaled.map(({ record }) => record.name);
  world.out.write(
    neutralise(
      `${host}: ${count(now.versions.length, 'version')} written${names.length === 0 ? '' : `; scaled volumes put right: ${names.join(', ')}`}\n`,
    ),
  );
  return { status: now.lines.length === 0 ? 'ok' : 'changed' };
}

/** The set as it is to be, made anew for each try to write it. */
function asShown(
  record: ScaledRecord,
  host: string,
  found: readonly Volume[],
  who: string,
  { scaled }: HostRebuild,
): ScaledRecord {
  const [becomes] = rebuildOf(host, found, [], [record], who).scaled.filter((one) => one.record.name === record.name);
  const shown = scaled.find((one) => one.record.name === record.name);
  if (becomes === undefined || canonicalJson([...becomes.lines]) !== canonicalJson([...(shown?.lines ?? [])]))
    throw changedMeanwhile();
  return becomes.record;
}

function changedMeanwhile(): AppError {
  return new AppError(
    'drift',
    'the records have been changed since this was shown, so nothing more was written for this host',
    { hint: 'run the same again, and look at what is different' },
  );
}

/** What goes wrong with one host is said, and keeps no other from its turn. */
async function tolerantly<Value>(world: World, host: string, work: () => Promise<Value>): Promise<Value | Failed> {
  try {
    return await work();
  } catch (thrown) {
    const error = neverReached(toAppError(thrown));
    if (error.code === 'internal') throw error;
    world.out.write(
      neutralise(
        `${host}: ${withoutName(error.message, host)}${error.hint === undefined ? '' : `\n  → ${error.hint}`}\n`,
      ),
    );
    return { status: hostStatusOf(error.code) };
  }
}
