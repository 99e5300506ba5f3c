import { Argument, Command, InvalidArgumentError } from '@commander-js/extra-typings';
import { loadInventory } from '../../config/inventory/inventory.ts';
import { AppError } from '../../errors.ts';
import { prettyJson } from '../../plan/json-text.ts';
import { chooseVersion, goingBack } from '../../records/going-back.ts';
import type { Subject } from '../../records/keys.ts';
import type { VersionRecords } from '../../records/records.ts';
import type { VersionRecord } from '../../records/version-record.ts';
import { historyOf } from '../../run/journal/history.ts';
import { listRuns, tryReadRun } from '../../run/journal/run-store.ts';
import { neutralise, oneLine } from '../../values/terminal.ts';
import { carryOut } from '../carry-out.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { changeOptions, inventoryOptions, overridesOf, seconds } from '../options.ts';
import { versionRecords } from '../session.ts';
import type { World } from '../world.ts';
import { byHand } from '../../values/shell.ts';

const help = `
What is recorded of the version becomes one step, which is previewed, asked about and recorded like that of any playbook:
  of a volume scale_volume with the size of then; its data is not brought back, the data of now is kept
  of a container recreate_container with all that is recorded of it; values of variables never are, and what cannot be
  brought back is refused, or with --partly left as it is now
What the run that came after it has kept brings back the very thing, with its data: plimsoll rollback RUN.

Examples:
  plimsoll history volume data
  plimsoll restore-version volume data 1 --host web-01 --dry-run
  plimsoll restore-version volume data 1 --host web-01 -i inventory.yaml
  plimsoll restore-version container app 2 --host web-01 --yes --records etcds://etcd-1:2379,etcd-2:2379`;

export function restoreVersionCommand(world: World, end: (exitCode: number) => void) {
  return changeOptions(inventoryOptions(new Command('restore-version')))
    .addArgument(new Argument('<kind>', 'what it is').choices(['volume', 'container'] as const))
    .argument('<name>', 'its name, as plimsoll history takes it')
    .argument('<version>', 'its number in plimsoll history', versionNumber)
    .option('--host <host>', 'on this host; it need not be said where only one has versions of it')
    .option('--partly', 'of a container: what cannot be brought back stays as it is now, instead of refusing')
    .option('--discard-layer', 'what containers have written to their own layers is given up, instead of refusing')
    .option('--gate <duration>', 'how long a new container must run without being restarted (10s)', seconds)
    .option('--dry-run', 'only show what would be done')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', help)
    .action(async (kind, name, wanted, options) => {
      const records = versionRecords(world, options.records);
      const host = options.host ?? (await onlyHost(records, kind, name, world.interrupts.stop));
      const subject: Subject = { host, kind, name };
      const history = await records.history(subject, world.interrupts.stop);
      const record = chooseVersion(subject, wanted, history, records.place);
      const inventory = await loadInventory(
        options.inventory,
        world.io,
        overridesOf(options),
        wishesOf(world, options),
      );
      if (!inventory.hosts.has(host))
        throw new AppError('usage', `${oneLine(host, 80)} is not in the inventory ${inventory.file}`, {
          hint: 'give the inventory that has it with -i; plimsoll inventory lists hosts',
        });
      const { step, vars, notes } = goingBack(record, history, {
        partly: options.partly === true,
        discardLayer: options.discardLayer === true,
        gate: options.gate,
      });
      for (const note of [...notes, ...(await keptNotes(world, record, history))])
        world.err.write(neutralise(`note: ${note}\n`));
      const text = prettyJson([{ name: 'Restore a version', hosts: host, steps: [step] }]);
      end(
        await carryOut(
          world,
          { name: `restore-version ${kind} ${name} ${String(wanted)}`, text, vars },
          { ...options, var: [] },
        ),
      );
    });
}

async function onlyHost(
  records: VersionRecords,
  kind: Subject['kind'],
  name: string,
  signal: AbortSignal,
): Promise<string> {
  const found = (await records.all(undefined, signal)).filter((record) => record.kind === kind && record.name === name);
  const [host, ...others] = new Set(found.map((record) => record.host));
  if (host !== undefined && others.length === 0) return host;
  const what = `${kind} ${oneLine(name, 80)}`;
  if (host === undefined)
    throw new AppError('usage', `no version of ${what} is recorded in ${records.place}`, {
      hint: 'plimsoll history shows what is; of a volume the name is the part before -1, -2, …',
    });
  throw new AppError(
    'usage',
    `${String(others.length + 1)} hosts have versions of ${what}: ${[host, ...others].map((each) => oneLine(each, 80)).join(', ')}`,
    { hint: 'say which: --host HOST' },
  );
}

/** The run that has replaced the version may have kept it; whether it has, its journal says. */
async function keptNotes(
  { stateDirectory }: World,
  { host, version, kind }: VersionRecord,
  history: readonly VersionRecord[],
): Promise<readonly string[]> {
  const next = history.find((record) => record.state === 'current' && record.was === version);
  const place =
    next === undefined ? undefined : (await listRuns(stateDirectory)).find(({ runId }) => runId === next.run);
  const run = place === undefined ? undefined : await tryReadRun(place);
  if (run === undefined || 'error' in run || next?.spec['method'] === 'in_place') return [];
  const changes = historyOf(run.journal.records).hosts.find((one) => one.host === host)?.changes ?? [];
  if (
    !changes.some(
      ({ undone, finalized, intent: { change } }) => !undone && !finalized && (change.finalize ?? []).length > 0,
    )
  )
    return [];
  return [
    kind === 'volume'
      ? `the volume of then is still kept, with its data: ${byHand('plimsoll', 'rollback', run.runId)} brings it back, as long as nothing has been written to the new one`
      : `the container of then is still kept, with its variables: ${byHand('plimsoll', 'rollback', run.runId)} brings back that very one`,
  ];
}

function versionNumber(text: string): number {
  if (!/^\d{1,8}$/.test(text))
    throw new InvalidArgumentError('the number of a version is needed, as plimsoll history shows it');
  return Number(text);
}
