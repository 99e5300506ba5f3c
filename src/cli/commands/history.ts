import { Argument, Command, Option } from '@commander-js/extra-typings';
import { prettyJson } from '../../plan/json-text.ts';
import type { VersionRecords } from '../../records/records.ts';
import type { VersionRecord } from '../../records/version-record.ts';
import { historyTable } from '../../render/recap/history-view.ts';
import { paint } from '../../render/line.ts';
import { neutralise } from '../../values/terminal.ts';
import { recordsOption, withColour } from '../options.ts';
import { versionRecords } from '../session.ts';
import type { World } from '../world.ts';

export function historyCommand(world: World, end: (exitCode: number) => void) {
  return new Command('history')
    .addArgument(new Argument('<kind>', 'what it is').choices(['volume', 'container'] as const))
    .argument('<name>', 'its name; of a volume that is scaled the part before -1, -2, …')
    .option('--host <host>', 'only on this host')
    .addOption(recordsOption())
    .addOption(
      new Option('--output <kind>', 'plain: for people; json: one JSON object, with the whole specifications')
        .choices(['plain', 'json'] as const)
        .default('plain' as const),
    )
    .option('--no-color', 'no colours')
    .addHelpText(
      'after',
      '\nExamples:\n  plimsoll history volume data\n  plimsoll history container app-1 --host web-01 --output json\n  plimsoll history volume data --records etcds://etcd-1:2379,etcd-2:2379',
    )
    .action(async (kind, name, { host, records, output, color }) => {
      const kept = versionRecords(world, records);
      const versions = await versionsOf(kept, { kind, name, host }, world.interrupts.stop);
      const { colour } = withColour(world.out, color);
      if (output === 'json') world.out.write(`${prettyJson({ v: 1, records: kept.place, versions })}\n`);
      else if (versions.length === 0)
        world.out.write(
          neutralise(
            `No version of ${kind} ${name}${host === undefined ? '' : ` on ${host}`} is recorded in ${kept.place}.\n`,
          ),
        );
      else world.out.write(paint(historyTable(versions), colour));
      end(0);
    });
}

async function versionsOf(
  records: VersionRecords,
  {
    kind,
    name,
    host,
  }: { readonly kind: 'volume' | 'container'; readonly name: string; readonly host: string | undefined },
  signal: AbortSignal,
): Promise<readonly VersionRecord[]> {
  const found =
    host === undefined
      ? await records.everywhere({ kind, name }, signal)
      : await records.history({ host, kind, name }, signal);
  return [...found].sort((a, b) => (a.host === b.host ? b.version - a.version : a.host < b.host ? -1 : 1));
}
