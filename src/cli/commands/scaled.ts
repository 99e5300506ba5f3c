import { Command, Option } from '@commander-js/extra-typings';
import { loadInventory } from '../../config/inventory/inventory.ts';
import { AppError } from '../../errors.ts';
import { prettyJson } from '../../plan/json-text.ts';
import type { ScaledRecord, StoredInstance } from '../../records/scaled-record.ts';
import type { ScaledRecords } from '../../records/scaled-records.ts';
import { paint } from '../../render/line.ts';
import { scaledTable } from '../../render/recap/scaled-view.ts';
import { neutralise, oneLine } from '../../values/terminal.ts';
import { carryOut } from '../carry-out.ts';
import { confirmation } from '../continue-command.ts';
import { wishesOf } from '../inventory-wishes.ts';
import { changeOptions, inventoryOptions, overridesOf, recordsOption, withColour } from '../options.ts';
import { versionRecords } from '../session.ts';
import type { World } from '../world.ts';

export function scaledCommand(world: World, end: (exitCode: number) => void) {
  return new Command('scaled')
    .addCommand(listCommand(world, end))
    .addCommand(deleteCommand(world, end))
    .addCommand(forgetCommand(world, end));
}

function listCommand(world: World, end: (exitCode: number) => void) {
  return new Command('list')
    .description('Show scaled volumes and their instances, as the records have them; connects to no host')
    .argument('[name]', 'only this one')
    .addOption(recordsOption())
    .addOption(
      new Option('--output <kind>', 'plain: for people; json: one JSON object')
        .choices(['plain', 'json'] as const)
        .default('plain' as const),
    )
    .option('--no-color', 'no colours')
    .action(async (name, { records, output, color }) => {
      const kept = versionRecords(world, records);
      const all = (await kept.scaledVolumes.all(world.interrupts.stop)).filter(
        (one) => name === undefined || one.name === name,
      );
      if (output === 'json') world.out.write(`${prettyJson({ v: 1, records: kept.place, scaled: all })}\n`);
      else if (all.length === 0)
        world.out.write(
          neutralise(`No scaled volume${name === undefined ? '' : ` ${name}`} is recorded in ${kept.place}.\n`),
        );
      else world.out.write(paint(scaledTable(all), withColour(world.out, color).colour));
      end(0);
    });
}

const deleteHelp = `
The instances that the records have become one step for each of their hosts, previewed, asked about and recorded like
those of any playbook. One that a container has, running or not, is refused. What an instance holds is gone for good.

Examples:
  plimsoll scaled delete elk_vol-2 -i inventory.yaml --dry-run
  plimsoll scaled delete elk_vol-2 -i inventory.yaml
  plimsoll scaled delete elk_vol --all -i inventory.yaml`;

function deleteCommand(world: World, end: (exitCode: number) => void) {
  return changeOptions(inventoryOptions(new Command('delete')))
    .description('Remove one instance of a scaled volume, or all of them, with their data')
    .argument('<name>', 'the instance (elk_vol-2), or with --all the scaled volume (elk_vol)')
    .option('--all', 'every instance')
    .option('--host <host>', 'only the one on this host')
    .option('--dry-run', 'only show what would be done')
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', deleteHelp)
    .action(async (name, options) => {
      const kept = versionRecords(world, options.records);
      const { record, chosen } = await choose(kept.scaledVolumes, kept.place, name, options, world.interrupts.stop);
      const inventory = await loadInventory(
        options.inventory,
        world.io,
        overridesOf(options),
        wishesOf(world, options),
      );
      const gone = chosen.filter(({ host }) => !inventory.hosts.has(host));
      if (gone.length > 0)
        throw new AppError(
          'usage',
          `not in the inventory ${inventory.file}: ${gone.map(({ host }) => oneLine(host, 80)).join(', ')}`,
          {
            hint: 'give the inventory that has them with -i; of a host that is lost for good: plimsoll scaled forget INSTANCE',
          },
        );
      // A play for each host: one that is refused, or cannot be reached, does not keep the others.
      const plays = chosen.map(({ host, index, volume }) => ({
        name: `Remove ${volume}`,
        hosts: host,
        max_failures: '100%',
        steps: [{ name: `Remove ${volume} with its data`, delete_scaled_volume: { name: record.name, index } }],
      }));
      end(
        await carryOut(
          world,
          { name: `scaled delete ${name}${options.all === true ? ' --all' : ''}`, text: prettyJson(plays), vars: {} },
          { ...options, var: [] },
        ),
      );
    });
}

function forgetCommand(world: World, end: (exitCode: number) => void) {
  return new Command('forget')
    .description(
      'Take an instance out of the records whose host is lost for good, so that another host may have one; connects to no host',
    )
    .argument('<instance>', 'elk_vol-2')
    .option('--host <host>', 'only the one on this host')
    .option('-y, --yes', 'do not ask')
    .addOption(recordsOption())
    .action(async (name, options) => {
      const confirm = confirmation(
        world,
        options,
        `${name} stays where it is, if it is anywhere. Take it out of the records?`,
      );
      confirm.ready();
      const signal = world.interrupts.stop;
      const kept = versionRecords(world, options.records);
      const { record, chosen } = await choose(kept.scaledVolumes, kept.place, name, options, signal);
      if (!(await confirm.ask())) throw new AppError('interrupted', 'nothing was changed');
      for (const { host, index, volume, run } of chosen) {
        await kept.scaledVolumes.settle(
          host,
          { kind: 'scaled', name: record.name, version: index },
          'removed',
          { volume },
          { run, who: world.who, at: '' },
          signal,
        );
        world.out.write(neutralise(`${volume} on ${host} is not in the records any more.\n`));
      }
      end(0);
    });
}

/** The instances that are meant. Errors: `usage`, when there are none, or several of one number. */
async function choose(
  scaled: ScaledRecords,
  place: string,
  name: string,
  { all, host }: { readonly all?: true | undefined; readonly host?: string | undefined },
  signal: AbortSignal,
): Promise<{ readonly record: ScaledRecord; readonly chosen: readonly StoredInstance[] }> {
  const [, set = '', number = ''] = /^(.+)-([1-9]\d{0,7})$/.exec(name) ?? [];
  const record = await scaled.get(all === true ? name : set, signal);
  const chosen = record.instances.filter(
    (one) => (all === true || one.index === Number(number)) && (host === undefined || one.host === host),
  );
  const shown = oneLine(name, 80);
  if (chosen.length === 0)
    throw new AppError(
      'usage',
      `no instance ${all === true ? `of ${shown}` : shown}${host === undefined ? '' : ` on ${oneLine(host, 80)}`} is recorded in ${place}`,
      {
        hint:
          all === true || set === ''
            ? 'plimsoll scaled list shows what there is; an instance is NAME-NUMBER, and all of them are NAME --all'
            : 'plimsoll scaled list shows what there is; plimsoll records rebuild writes down what is on the hosts',
      },
    );
  if (all !== true && chosen.length > 1)
    throw new AppError(
      'usage',
      `${shown} is on several hosts: ${chosen.map((one) => oneLine(one.host, 80)).join(', ')}`,
      { hint: 'say which: --host HOST' },
    );
  return { record, chosen };
}
