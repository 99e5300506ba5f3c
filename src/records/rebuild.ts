import type { Volume } from '../facts/volumes/volumes.ts';
import type { VersionRecord } from './version-record.ts';

/** The labels of a volume that plimsoll has made. */
const labels = { family: 'plimsoll.volume', version: 'plimsoll.version', replaces: 'plimsoll.replaces' };

/**
 * The records as a host's volumes and their labels say they must be, where they say something else
 * now: versions that are missing, and versions whose volume is gone or there again. What was changed in
 * place has no label, so a record of it is kept as long as its volume is there. Pure.
 */
export function rebuilt(
  host: string,
  volumes: readonly Volume[],
  recorded: readonly VersionRecord[],
  who: string,
): readonly VersionRecord[] {
  const names = new Set(volumes.map(({ name }) => name));
  const kept = recorded.filter(({ kind, state }) => kind === 'volume' && state !== 'pending');
  const found = volumes.flatMap((volume) => versionFound(host, volume, who));
  const missing = found.filter(
    (one) =>
      !recorded.some((there) => there.kind === 'volume' && there.name === one.name && there.version === one.version),
  );
  const isThere = ({ name, version, state, spec }: VersionRecord): boolean =>
    found.some((one) => one.name === name && one.version === version) ||
    (state !== 'abandoned' && state !== 'undone' && typeof spec['name'] === 'string' && names.has(spec['name']));
  const all = [...kept, ...missing];
  return all.flatMap((record) => {
    const newest = Math.max(
      ...all.filter((other) => other.name === record.name && isThere(other)).map(({ version }) => version),
    );
    const state = isThere(record)
      ? record.version === newest
        ? 'current'
        : 'replaced'
      : record.state === 'current'
        ? 'replaced'
        : record.state;
    return state === record.state && !missing.includes(record) ? [] : [{ ...record, state }];
  });
}

function versionFound(
  host: string,
  { name, driver, createdAt, labels: its, options }: Volume,
  who: string,
): readonly VersionRecord[] {
  const { [labels.family]: family, [labels.version]: version = '', [labels.replaces]: replaces } = its;
  if (family === undefined || !/^\d{1,6}$/.test(version)) return [];
  const spec = {
    name,
    driver,
    labels: its,
    ...(/^\d+$/.test(options['size'] ?? '') ? { sizeBytes: Number(options['size']) } : {}),
  };
  return [
    {
      v: 1,
      kind: 'volume',
      host,
      name: family,
      version: Number(version),
      spec,
      state: 'replaced',
      run: '',
      who,
      at: createdAt,
      ...(replaces === undefined ? {} : { replaces }),
    },
  ];
}
