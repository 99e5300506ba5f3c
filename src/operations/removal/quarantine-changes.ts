import type { Quarantined } from '../../facts/volumes/quarantine.ts';
import { formatBytes } from '../../values/size.ts';
import type { Change } from '../engine/change.ts';
import { periodText } from './clean-input.ts';
import type { Found } from './dangling.ts';
import { putIntoQuarantine, release, removeForGood } from './quarantine-scripts.ts';

/** What is said of a volume's state, in plans and to a rollback. */
export function stateOf(volume: string, is: string | undefined, quarantine: boolean): Change['before'] {
  return { volume, is: is ?? 'nothing', quarantine };
}

/** Instead of its directory. */
export const beingRemoved = 'being removed';

/** `2026-12-05 14:03 UTC`. */
export function timeText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

interface Taken extends Found {
  readonly directory: NonNullable<Found['directory']>;
}

/** What is done with a volume that nobody uses; undefined while its quarantine lasts. */
export function changeOf(found: Taken, keepSeconds: number, at: number): Change | undefined {
  const { entry, directory } = found;
  if (entry === undefined)
    return keepSeconds > 0
      ? put(found, keepSeconds)
      : remove(found, keepSeconds, 'now', 'for good, with all that it holds');
  if (entry.removing)
    return remove(
      { ...found, directory: { ...directory, is: entry.is } },
      keepSeconds,
      'begun',
      'for good: that had begun',
    );
  return entry.until > at
    ? undefined
    : remove(found, keepSeconds, 'ended', 'for good: its quarantine has ended', { until: timeText(entry.until) });
}

function put(found: Taken, keepSeconds: number): Change {
  const { volume, directory } = found;
  const meant = meantOf(found);
  return {
    summary: `${volume.name}: into quarantine for ${periodText(keepSeconds)}${sizeOf(found)}`,
    subject: `volume:${volume.name}`,
    before: stateOf(volume.name, directory.is, false),
    after: stateOf(volume.name, directory.is, true),
    actions: [putIntoQuarantine(meant, keepSeconds)],
    undo: [release(meant, 'undo')],
    lapse: 'may',
    atomic: true,
    bindings: bindingsOf(found),
  };
}

function remove(
  found: Taken,
  keepSeconds: number,
  why: 'ended' | 'begun' | 'now',
  how: string,
  more: Readonly<Record<string, string>> = {},
): Change {
  const { volume, directory, entry } = found;
  return {
    summary: `${volume.name}: removed ${how}${Object.entries(more)
      .map(([key, value]) => ` (${key} ${value})`)
      .join('')}${sizeOf(found)}`,
    subject: `volume:${volume.name}`,
    before: stateOf(volume.name, why === 'begun' ? beingRemoved : directory.is, entry !== undefined),
    after: stateOf(volume.name, undefined, false),
    actions: [removeForGood(meantOf(found), keepSeconds, why)],
    undo: 'irreversible',
    lapse: 'may',
    atomic: true,
    bindings: { ...bindingsOf(found), ...more },
  };
}

/** What is written down of a volume that is used again, or is not there any more, is put away. */
export function forget({ name, is }: Quarantined, path: string, why: string): Change {
  return {
    summary: `${name}: leaves quarantine: ${why}`,
    subject: `volume:${name}`,
    before: stateOf(name, is, true),
    after: stateOf(name, is, false),
    actions: [release({ name, path, is }, 'forget')],
    undo: [],
    lapse: 'has',
    atomic: true,
    bindings: { volume: name, identity: is },
  };
}

function meantOf({ volume, path, directory }: Taken): {
  readonly name: string;
  readonly path: string;
  readonly is: string;
} {
  return { name: volume.name, path, is: directory.is };
}

function sizeOf({ bytes }: Found): string {
  return bytes === undefined ? '' : `, ${formatBytes(bytes)}`;
}

function bindingsOf({ volume, directory, bytes }: Taken): Readonly<Record<string, string>> {
  return { volume: volume.name, identity: directory.is, ...(bytes === undefined ? {} : { size: formatBytes(bytes) }) };
}
