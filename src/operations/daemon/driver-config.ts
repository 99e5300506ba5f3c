import { isObject, parseJson } from '../../values/json.ts';

export const storageDriverNames = ['overlay2', 'devicemapper', 'btrfs', 'zfs', 'vfs'] as const;
export type StorageDriverName = (typeof storageDriverNames)[number];

/** A daemon.json of which the storage driver and its options are understood. */
export interface DriverConfig {
  /** Undefined when the file leaves it to Docker. */
  readonly driver: string | undefined;
  readonly options: readonly string[];
  /** The file's text with another driver and its options, and everything else as it is. */
  with(driver: StorageDriverName, options: readonly string[]): string;
}

/** Which options belong to a driver: dockerd does not start with one that its driver does not know. */
export function isOptionOf(driver: string, option: string): boolean {
  if (driver === 'devicemapper') return option.startsWith('dm.');
  return option.startsWith(`${driver}.`) || (driver === 'vfs' && option.startsWith('size='));
}

/** Undefined for what is no object, or has a driver that is no text, or storage options that are no list of texts. */
export function readDriverConfig(text: string): DriverConfig | undefined {
  const parsed = text.trim() === '' ? {} : parseJson(text);
  if (!isObject(parsed)) return undefined;
  const driver: unknown = parsed[driverKey];
  const options: unknown = parsed[optionsKey] ?? [];
  if (driver !== undefined && typeof driver !== 'string') return undefined;
  if (!Array.isArray(options) || !options.every((option) => typeof option === 'string')) return undefined;
  return {
    driver,
    options,
    with: (wanted, added) => rewritten(text, parsed, wanted, optionsFor(wanted, options, added)),
  };
}

const driverKey = 'storage-driver';
const optionsKey = 'storage-opts';

/** Those that are there and belong to the driver, with what is given instead or beside them. */
export function optionsFor(driver: string, present: readonly string[], added: readonly string[]): readonly string[] {
  const keyOf = (option: string): string => option.split('=', 1)[0] ?? '';
  const given = new Set(added.map(keyOf));
  return [...present.filter((option) => isOptionOf(driver, option) && !given.has(keyOf(option))), ...added];
}

/** Where only the driver's name changes, only that is changed in the text; otherwise the file is written anew, with its keys in their order. */
function rewritten(text: string, parsed: Record<string, unknown>, driver: string, options: readonly string[]): string {
  const pattern = /("storage-driver"\s*:\s*)"[^"\\]*"/g;
  if (JSON.stringify(parsed[optionsKey] ?? []) === JSON.stringify(options) && [...text.matchAll(pattern)].length === 1)
    return text.replace(pattern, (_all, key: string) => `${key}${JSON.stringify(driver)}`);
  const { [optionsKey]: _old, ...rest } = parsed;
  return `${JSON.stringify({ ...rest, [driverKey]: driver, ...(options.length > 0 ? { [optionsKey]: options } : {}) }, null, 2)}\n`;
}
