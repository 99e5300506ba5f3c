import { AppError } from '../errors.ts';
import type { RecordNote } from '../operations/engine/change.ts';
import type { Claim, Claimant, Records, Settled } from '../run/journal/records.ts';
import { canonicalJson } from '../values/json.ts';
import { oneLine } from '../values/terminal.ts';
import type { Subject } from './keys.ts';
import { keyOf, prefixOf, prefixOfAll, prefixOfHost, prefixOfScaled, restOf } from './keys.ts';
import type { ScaledRecord } from './scaled-record.ts';
import { ScaledRecords } from './scaled-records.ts';
import type { Store, Stored } from './store.ts';
import { unavailable } from './store.ts';
import type { VersionRecord } from './version-record.ts';
import { asValue, versionRecord } from './version-record.ts';
import { byHand } from '../values/shell.ts';

/** A record and the revision of its key, for changing it. */
interface Kept {
  readonly record: VersionRecord;
  readonly revision: string;
}

/** How often a write is tried that others come before. */
const mostTries = 10;

/** The versions in one store: one key each, and compare-and-swap for every write. */
export class VersionRecords implements Records {
  readonly #store: Store;
  /** Scaled volumes, which belong to no single host. */
  readonly scaledVolumes: ScaledRecords;

  constructor(store: Store) {
    this.#store = store;
    this.scaledVolumes = new ScaledRecords(store);
  }

  get place(): string {
    return this.#store.place;
  }

  check(signal: AbortSignal): Promise<void> {
    return this.#store.check(signal);
  }

  async claim(host: string, note: RecordNote, by: Claimant, signal: AbortSignal): Promise<Claim> {
    const { kind, name } = note;
    if (kind === 'scaled') return this.scaledVolumes.claim(host, note, by, signal);
    const subject = { host, kind, name };
    const versions = await this.#fromTheBeginning(subject, note, by, signal);
    const another = versions.find(({ record }) => record.state === 'pending' && record.run !== by.run);
    if (another !== undefined) throw conflict(subject, another.record);
    const version = note.version ?? nextOf(versions, by);
    const there = versions.find(({ record }) => record.version === version);
    if (there !== undefined && !isFree(there.record, note, by)) throw conflict(subject, there.record);
    const was =
      versions.findLast(({ record }) => record.state === 'current' && record.version !== version)?.record.version ??
      there?.record.was;
    const { replaces, spec } = note;
    const record: VersionRecord = {
      v: 1,
      ...subject,
      version,
      spec,
      state: 'pending',
      ...by,
      ...(was === undefined ? {} : { was }),
      ...(replaces === undefined ? {} : { replaces }),
    };
    const key = keyOf(subject, version);
    const won =
      there === undefined
        ? await this.#store.createIfAbsent(key, asValue(record), signal)
        : await this.#store.compareAndSwap(key, there.revision, asValue(record), signal);
    // The answer to a first try may have been lost, and the second found what the first has written.
    if (!won) await this.#mustBeOurs(subject, version, by, signal);
    return { kind, name, version };
  }

  async settle(
    host: string,
    { kind, name, version }: Claim,
    state: Settled,
    by: Claimant,
    signal: AbortSignal,
  ): Promise<void> {
    if (kind === 'scaled')
      return this.scaledVolumes.settle(
        host,
        { kind, name, version },
        state,
        { volume: `${name}-${String(version)}` },
        by,
        signal,
      );
    if (state === 'removed') throw new Error(`version ${String(version)} of ${kind} ${name} cannot be removed`);
    const subject = { host, kind, name };
    const versions = await this.#versions(subject, signal);
    const own = versions.find(({ record }) => record.version === version)?.record;
    if (own?.run !== by.run) throw own === undefined ? gone(subject, version) : conflict(subject, own);
    const others = versions
      .map(({ record }) => record)
      .filter((record) => record.version !== version && record.state === 'current');
    const isOlder = others.some((record) => record.version > version);
    await this.#put(subject, version, state === 'current' && isOlder ? 'replaced' : state, signal);
    if (state === 'current') {
      for (const other of others)
        if (other.version < version) await this.#put(subject, other.version, 'replaced', signal);
    } else if (own.was !== undefined && others.length === 0) {
      // What it replaced, or was about to replace, is what there is again.
      const before = versions.find(({ record }) => record.version === own.was)?.record;
      if (before?.state === 'replaced') await this.#put(subject, before.version, 'current', signal);
    }
  }

  /** Every version of one thing, the oldest first. */
  async history(subject: Subject, signal: AbortSignal): Promise<readonly VersionRecord[]> {
    return (await this.#versions(subject, signal)).map(({ record }) => record);
  }

  /** The same of a name on all hosts. Nothing else is read. */
  async everywhere(subject: Omit<Subject, 'host'>, signal: AbortSignal): Promise<readonly VersionRecord[]> {
    const stored = await this.#store.listEach(prefixOfAll, restOf(subject), signal);
    return stored.map((one) => this.#kept(one).record);
  }

  scaled(name: string, signal: AbortSignal): Promise<ScaledRecord> {
    return this.scaledVolumes.get(name, signal);
  }

  /** Of one host, or of all. */
  async all(host: string | undefined, signal: AbortSignal): Promise<readonly VersionRecord[]> {
    const stored = await this.#store.list(host === undefined ? prefixOfAll : prefixOfHost(host), signal);
    return stored.filter(({ key }) => !key.startsWith(prefixOfScaled)).map((one) => this.#kept(one).record);
  }

  /** Writes down a version as it was found. One that is there already keeps what it says, but for its state. */
  async write(found: VersionRecord, signal: AbortSignal): Promise<void> {
    if (!(await this.#store.createIfAbsent(keyOf(found, found.version), asValue(found), signal)))
      await this.#put(found, found.version, found.state, signal);
  }

  /** Gives up what a run has claimed and neither made nor given up. Returns those versions. */
  async abandon(
    run: string,
    hosts: readonly string[] | undefined,
    isKnown: (record: VersionRecord) => boolean,
    signal: AbortSignal,
  ): Promise<readonly VersionRecord[]> {
    const all = (await Promise.all((hosts ?? [undefined]).map((host) => this.all(host, signal)))).flat();
    const orphans = all.filter((record) => record.run === run && record.state === 'pending' && !isKnown(record));
    for (const record of orphans) await this.#put(record, record.version, 'abandoned', signal);
    return orphans;
  }

  /** Of what has no versions yet, what there was until then becomes the first, so that it can be gone back to. */
  async #fromTheBeginning(
    subject: Subject,
    { before }: RecordNote,
    { who, at }: Claimant,
    signal: AbortSignal,
  ): Promise<readonly Kept[]> {
    const versions = await this.#versions(subject, signal);
    if (before === undefined || versions.some(({ record }) => record.state !== 'abandoned')) return versions;
    const first: VersionRecord = { v: 1, ...subject, ...before, state: 'current', run: '', who, at };
    await this.#store.createIfAbsent(keyOf(subject, before.version), asValue(first), signal);
    return this.#versions(subject, signal);
  }

  async #versions(subject: Subject, signal: AbortSignal): Promise<readonly Kept[]> {
    return (await this.#store.list(prefixOf(subject), signal)).map((stored) => this.#kept(stored));
  }

  async #find(subject: Subject, version: number, signal: AbortSignal): Promise<Kept | undefined> {
    const stored = await this.#store.get(keyOf(subject, version), signal);
    return stored === undefined ? undefined : this.#kept(stored);
  }

  async #mustBeOurs(subject: Subject, version: number, by: Claimant, signal: AbortSignal): Promise<void> {
    const there = await this.#find(subject, version, signal);
    if (there === undefined) throw gone(subject, version);
    if (there.record.run !== by.run) throw conflict(subject, there.record);
  }

  async #put(subject: Subject, version: number, state: VersionRecord['state'], signal: AbortSignal): Promise<void> {
    for (let tries = 0; tries < mostTries; tries += 1) {
      const there = await this.#find(subject, version, signal);
      if (there === undefined) throw gone(subject, version);
      if (there.record.state === state) return;
      if (
        await this.#store.compareAndSwap(
          keyOf(subject, version),
          there.revision,
          asValue({ ...there.record, state }),
          signal,
        )
      )
        return;
    }
    throw new AppError('records-conflict', `${nameOf(subject, version)} is written again and again by somebody else`, {
      hint: 'run the same again',
    });
  }

  #kept({ key, value, revision }: Stored): Kept {
    const parsed = versionRecord.safeParse(value);
    if (!parsed.success)
      throw unavailable(this.place, `${oneLine(key, 200)} is no record that this plimsoll knows`, {
        hint: 'use the plimsoll that wrote it, or a newer one',
      });
    return { record: parsed.data, revision };
  }
}

/** The run's own that has not come to anything, or the one after all that have. */
function nextOf(versions: readonly Kept[], { run }: Claimant): number {
  const own = versions.findLast(
    ({ record }) => record.run === run && (record.state === 'pending' || record.state === 'abandoned'),
  );
  return (
    own?.record.version ?? (versions.findLast(({ record }) => record.state !== 'abandoned')?.record.version ?? 0) + 1
  );
}

/**
 * Nobody's, or this run's own. Of what is made already the host decides, where names are never used
 * twice: what has been replaced is not there any more when it is to be made, and a number under which
 * another thing was recorded (a change in place) is taken for the one that is named. What is current
 * is only made again when it is the same, to put it right.
 */
function isFree({ state, run, spec }: VersionRecord, note: RecordNote, by: Claimant): boolean {
  if (state === 'current')
    return (
      run === by.run ||
      canonicalJson(spec) === canonicalJson(note.spec) ||
      (note.version !== undefined && spec['name'] !== note.spec['name'])
    );
  return state !== 'pending' || run === by.run;
}

function nameOf({ host, kind, name }: Subject, version: number): string {
  return `version ${String(version)} of ${kind} ${oneLine(name, 80)} on ${oneLine(host, 80)}`;
}

/** The second writer is told who was first. */
function conflict(subject: Subject, { version, state, run, who, at }: VersionRecord): AppError {
  const by =
    run === ''
      ? 'was found on the host'
      : `belongs to run ${oneLine(run, 40)} of ${oneLine(who, 80)}, begun ${oneLine(at, 40)}`;
  const hint =
    state === 'pending'
      ? `that run is not at its end: ${byHand('plimsoll', 'resume', run)} (or rollback), where it was begun; if that machine is gone, ${byHand('plimsoll', 'records', 'abandon', run)}`
      : `if it is not on the host (it was installed anew): plimsoll records rebuild; if two hosts are called ${oneLine(subject.host, 80)}, give each of them records of its own (--records)`;
  return new AppError(
    'records-conflict',
    `${nameOf(subject, version)} is ${state === 'pending' ? 'being made' : state} already, and ${by}`,
    { hint },
  );
}

function gone(subject: Subject, version: number): AppError {
  return new AppError('records-conflict', `${nameOf(subject, version)} is not in the records any more`, {
    hint: 'plimsoll records rebuild writes down what is on the host',
  });
}
