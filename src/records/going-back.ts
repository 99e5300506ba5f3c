import { AppError } from '../errors.ts';
import { recordedSchema } from '../operations/containers/body/recorded.ts';
import type { Json, JsonObject } from '../values/json.ts';
import { asText } from '../values/json.ts';
import { formatBytes } from '../values/size.ts';
import { oneLine } from '../values/terminal.ts';
import type { Subject } from './keys.ts';
import type { VersionRecord } from './version-record.ts';
import { byHand } from '../values/shell.ts';

export interface GoingBackOptions {
  /** What cannot be brought back stays as it is now. */
  readonly partly: boolean;
  /** What containers have written to their own layers is given up. */
  readonly discardLayer: boolean;
  /** Seconds that a new container must run. */
  readonly gate?: number | undefined;
}

/** A step of an existing operation that leads to a version, and what to know before it. */
export interface GoingBack {
  readonly step: JsonObject;
  /** What the step's expressions read. */
  readonly vars: JsonObject;
  readonly notes: readonly string[];
}

/** The version that is meant. Errors: `usage` where it is not recorded, `refused` where it is none that was ever in force. */
export function chooseVersion(
  { host, kind, name }: Subject,
  wanted: number,
  history: readonly VersionRecord[],
  place: string,
): VersionRecord {
  const what = `${kind} ${oneLine(name, 80)} on ${oneLine(host, 80)}`;
  const found = history.find(({ version }) => version === wanted);
  if (history.length === 0)
    throw new AppError('usage', `no version of ${what} is recorded in ${place}`, {
      hint: `${byHand('plimsoll', 'history', kind, oneLine(name, 80))} shows what is; of a volume the name is the part before -1, -2, …`,
    });
  if (found === undefined)
    throw new AppError('usage', `there is no version ${String(wanted)} of ${what}`, {
      hint: `there ${history.length === 1 ? 'is' : 'are'} ${history.map(({ version, state }) => `${String(version)} (${state})`).join(', ')}`,
    });
  const never = neverInForce[found.state];
  if (never !== undefined)
    throw new AppError('refused', `version ${String(wanted)} of ${what} ${never(oneLine(found.run, 40))}`, {
      hint: `${byHand('plimsoll', 'history', kind, oneLine(name, 80))} shows those that can be gone back to: current, replaced`,
    });
  return found;
}

const neverInForce: Readonly<Partial<Record<VersionRecord['state'], (run: string) => string>>> = {
  pending: (run) => `is being made by run ${run}, which has not come to its end`,
  abandoned: (run) => `was never made: run ${run} has given it up`,
  undone: (run) => `was taken back by the rollback of run ${run}, so there is nothing that is known to have worked`,
};

/** Pure: what is, is for the operation to find out. Errors: `refused` where too little is recorded. */
export function goingBack(
  record: VersionRecord,
  history: readonly VersionRecord[],
  options: GoingBackOptions,
): GoingBack {
  return record.kind === 'volume' ? volumeStep(record, history, options) : containerStep(record, history, options);
}

function volumeStep(
  record: VersionRecord,
  history: readonly VersionRecord[],
  { discardLayer, gate }: GoingBackOptions,
): GoingBack {
  const { sizeBytes } = record.spec;
  const version = `version ${String(record.version)} of volume ${oneLine(record.name, 80)}`;
  if (typeof sizeBytes !== 'number')
    throw new AppError(
      'refused',
      `${version} had no size of its own, or none that is recorded, and only a size can be restored`,
      { hint: 'scale_volume gives it any size that you name' },
    );
  const then = asText(record.spec['name']);
  const now = asText(history.find(({ state }) => state === 'current')?.spec['name'] ?? record.spec['name']);
  const size = formatBytes(sizeBytes);
  return {
    step: {
      name: `Give volume ${now} the size of its version ${String(record.version)} (${size}); the data stays that of now`,
      scale_volume: { volume: now, size: exactSize(sizeBytes), ...layerKey(discardLayer), ...gateKey(gate) },
    },
    vars: {},
    notes: [
      `${version} was ${oneLine(then, 80)} with ${size}. Its size comes back; its data does not: what is in ${oneLine(now, 80)} now is kept.`,
    ],
  };
}

function containerStep(
  record: VersionRecord,
  history: readonly VersionRecord[],
  { partly, discardLayer, gate }: GoingBackOptions,
): GoingBack {
  const { name, version } = record;
  const parsed = recordedSchema.safeParse(record.spec);
  if (!parsed.success)
    throw new AppError(
      'refused',
      `version ${String(version)} of container ${oneLine(name, 80)} was recorded by an older plimsoll, which kept too little of it to bring it back`,
      { hint: 'recreate_container makes it what you write' },
    );
  const later = history.filter((one) => one.version > version && (one.state === 'replaced' || one.state === 'current'));
  const envChanged = [
    ...new Set(later.flatMap(({ spec: { changed } }) => (Array.isArray(changed) ? changed.map(envNameOf) : []))),
  ].filter((one) => one !== undefined);
  return {
    // As a variable, because a label may hold what an expression begins with.
    step: {
      name: `Bring container ${name} back to its version ${String(version)}`,
      recreate_container: {
        container: name,
        ...layerKey(discardLayer),
        ...gateKey(gate),
        restore: '${{ vars.version }}',
      },
    },
    vars: { version: { version, spec: { ...parsed.data }, env_changed: envChanged, partly } },
    notes: [
      `version ${String(version)} of container ${oneLine(name, 80)}: its specification comes back. Values of variables are not recorded, and what is in its volumes stays as it is now.`,
    ],
  };
}

/** Of `env LEVEL`, as a version names what was asked for. */
function envNameOf(what: Json): string | undefined {
  return /^env (.*)$/s.exec(asText(what))?.[1];
}

function layerKey(discard: boolean): JsonObject {
  return discard ? { layer: 'discard' } : {};
}

function gateKey(seconds: number | undefined): JsonObject {
  return seconds === undefined ? {} : { gate: { seconds } };
}

/** In the largest unit that says it exactly. */
function exactSize(bytes: number): string {
  const powers: Readonly<Record<string, number>> = { TiB: 4, GiB: 3, MiB: 2 };
  const [unit = 'KiB', power = 1] = Object.entries(powers).find(([, power]) => bytes % 1024 ** power === 0) ?? [];
  return `${String(Math.ceil(bytes / 1024 ** power))}${unit}`;
}
