import type { Volume } from '../facts/volumes/volumes.ts';
import { asText, canonicalJson } from '../values/json.ts';
import { formatBytes } from '../values/size.ts';
import { rebuilt } from './rebuild.ts';
import { rebuiltScaled, scaledOnHost } from './rebuild-scaled.ts';
import type { ScaledRecord, StoredInstance } from './scaled-record.ts';
import { noneOf } from './scaled-record.ts';
import type { VersionRecord } from './version-record.ts';

/** What is to be written down of one host, so that the records say what its volumes say. */
export interface HostRebuild {
  readonly versions: readonly VersionRecord[];
  /** The scaled volumes as they are to be, with what is different for this host. */
  readonly scaled: readonly { readonly record: ScaledRecord; readonly lines: readonly string[] }[];
  /** For people: one line for each thing that is written. */
  readonly lines: readonly string[];
}

/** Pure. Errors: `refused`, of labels that are not believed. */
export function rebuildOf(
  host: string,
  found: readonly Volume[],
  recorded: readonly VersionRecord[],
  sets: readonly ScaledRecord[],
  who: string,
): HostRebuild {
  const versions = rebuilt(host, found, recorded, who);
  const here = scaledOnHost(found);
  const before = new Map(sets.map((record) => [record.name, record]));
  const names = new Set([
    ...here.keys(),
    ...sets.filter(({ instances }) => instances.some((one) => one.host === host)).map(({ name }) => name),
  ]);
  const scaled = [...names].flatMap((name) => {
    const is = before.get(name) ?? noneOf(name);
    const record = rebuiltScaled(is, host, here.get(name) ?? [], who);
    return record === is ? [] : [{ record, lines: differences(is, record, host) }];
  });
  return {
    versions,
    scaled,
    lines: [...versions.map((one) => versionLine(one, recorded)), ...scaled.flatMap(({ lines }) => lines)],
  };
}

/** Whether both write the same for this host. */
export function sameRebuild(one: HostRebuild, other: HostRebuild): boolean {
  return canonicalJson([...one.lines]) === canonicalJson([...other.lines]);
}

function versionLine({ kind, name, version, state, spec }: VersionRecord, recorded: readonly VersionRecord[]): string {
  const was = recorded.find((one) => one.kind === kind && one.name === name && one.version === version);
  const { name: volume, sizeBytes } = spec;
  const what = [asText(volume), ...(typeof sizeBytes === 'number' ? [formatBytes(sizeBytes)] : [])].join(' ');
  return `version ${String(version)} of ${kind} ${name} (${what}): ${was === undefined ? 'not recorded' : was.state} → ${state}`;
}

function differences(is: ScaledRecord, becomes: ScaledRecord, host: string): readonly string[] {
  const own = ({ instances }: ScaledRecord): ReadonlyMap<number, StoredInstance> =>
    new Map(instances.filter((one) => one.host === host).map((one) => [one.index, one]));
  const [before, after] = [own(is), own(becomes)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((index) => {
    const [was, will] = [before.get(index), after.get(index)];
    if (was?.state === will?.state) return [];
    const { volume } = will ?? was ?? { volume: '' };
    return [
      `instance ${volume} of scaled volume ${is.name}: ${was?.state ?? 'not recorded'} → ${will?.state ?? 'taken out, since it is not there'}`,
    ];
  });
}
