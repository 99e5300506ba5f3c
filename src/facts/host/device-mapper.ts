import { AppError } from '../../errors.ts';
import { oneLine } from '../../values/terminal.ts';
import type { Fact } from '../fact.ts';
import { shell } from '../../shell/shell.ts';

/** One line of a device-mapper table. `start` and `length` are sectors of 512 bytes. */
export interface TableLine {
  readonly start: number;
  readonly length: number;
  readonly target: string;
  readonly args: readonly string[];
}

export interface MappedDevice {
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  readonly openCount: number;
  readonly suspended: boolean;
  /** Will be removed when its last user lets go. */
  readonly deferredRemove: boolean;
  /** The live table; empty when there is none. */
  readonly table: readonly TableLine[];
  /** The table that the next resume would make live; empty when nothing is loaded. */
  readonly inactive: readonly TableLine[];
  /** One line per target, without the device's name. */
  readonly status: readonly string[];
  /** Who made it, where that has been said: `LVM-…` of what LVM owns. */
  readonly uuid?: string;
}

export interface DeviceMapper {
  readonly devices: Readonly<Record<string, MappedDevice>>;
}

const sections = ['info', 'table', 'inactive', 'status'] as const;
type Section = (typeof sections)[number];

const noBinary = 127;

const script = shell('facts/host/device-mapper.sh', { no_binary: noBinary });

/** Every mapped device. Errors: `missing-tool` (no dmsetup), `fact-unreadable`. */
export const deviceMapper: Fact<DeviceMapper> = {
  name: 'device-mapper',
  script,
  parse({ status, stdout, stderr }) {
    if (status === noBinary)
      throw new AppError('missing-tool', 'dmsetup is not installed', {
        hint: 'install the package dmsetup (Debian, Ubuntu) or device-mapper (Red Hat, SUSE)',
      });
    const text = split(stdout, stderr);
    const table = byName(text.table, parseTableLine);
    const inactive = byName(text.inactive, parseTableLine);
    const states = byName(text.status, (line) => line);
    const devices = text.info
      .split(/\n\s*\n/)
      .filter((paragraph) => paragraph.trim() !== '' && !isEmptyList(paragraph))
      .map(parseInfo)
      // One that vanished between two of the commands is not there any more.
      .filter(({ name }) => table.has(name) && states.has(name))
      .map((info): [string, MappedDevice] => [
        info.name,
        {
          ...info,
          table: table.get(info.name) ?? [],
          inactive: inactive.get(info.name) ?? [],
          status: states.get(info.name) ?? [],
        },
      ]);
    return { devices: Object.fromEntries(devices) };
  },
};

function split(stdout: string, stderr: string): Record<Section, string> {
  const text: Record<Section, string> = { info: '', table: '', inactive: '', status: '' };
  let rest = stdout;
  for (const section of sections) {
    const end = new RegExp(`^--${section} (\\d+)--$`, 'm').exec(rest);
    if (end === null) throw unreadable(`the answer ends before its ${section} section: ${oneLine(stderr)}`);
    if (end[1] !== '0' && !isVanishing(stderr)) throw unreadable(oneLine(stderr));
    text[section] = rest.slice(0, end.index);
    rest = rest.slice(end.index + end[0].length + 1);
  }
  return text;
}

/** Whether all that went wrong is that a device was removed while it was looked at. */
function isVanishing(stderr: string): boolean {
  const reasons = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('Command failed'));
  return (
    reasons.length > 0 && reasons.every((line) => /ioctl on .* failed: No such device or address$/.test(line.trim()))
  );
}

function isEmptyList(text: string): boolean {
  return text.trim() === 'No devices found';
}

/** Lines of `NAME: …` by device; a name may itself contain colons, and a device without a table has nothing after it. */
function byName<Line>(text: string, parse: (line: string) => Line): Map<string, Line[]> {
  const found = new Map<string, Line[]>();
  for (const line of text.split('\n')) {
    if (line.trim() === '' || isEmptyList(line)) continue;
    const [, name, value] = /^(.*?):(?: (\d+ \d+ \S.*))?\s*$/.exec(line) ?? [];
    if (name === undefined) throw unreadable(`not understood: ${oneLine(line)}`);
    const lines = found.get(name) ?? [];
    if (value !== undefined) lines.push(parse(value.trim()));
    found.set(name, lines);
  }
  return found;
}

function parseInfo(paragraph: string): Omit<MappedDevice, 'table' | 'inactive' | 'status'> {
  const field = (key: string): string => {
    const value = new RegExp(`^${key}: +(.*?)\\s*$`, 'm').exec(paragraph)?.[1];
    if (value === undefined) throw unreadable(`dmsetup info gives no "${key}": ${oneLine(paragraph)}`);
    return value;
  };
  const [, major, minor] = /^(\d+), (\d+)$/.exec(field('Major, minor')) ?? [];
  const state = field('State');
  const uuid = /^UUID: +(\S+)\s*$/m.exec(paragraph)?.[1];
  if (!/^(ACTIVE|SUSPENDED)\b/.test(state)) throw unreadable(`dmsetup info says "State: ${oneLine(state)}"`);
  return {
    name: field('Name'),
    major: count(major),
    minor: count(minor),
    openCount: count(field('Open count')),
    suspended: state.startsWith('SUSPENDED'),
    deferredRemove: state.includes('DEFERRED REMOVE'),
    ...(uuid === undefined ? {} : { uuid }),
  };
}

function count(text: string | undefined): number {
  if (text === undefined || !/^\d+$/.test(text)) throw unreadable(`"${oneLine(text ?? '')}" is not a number`);
  return Number(text);
}

/** `0 409600 thin 253:0 4` */
export function parseTableLine(text: string): TableLine {
  const [start, length, target, ...args] = text.trim().split(/\s+/);
  if (target === undefined) throw unreadable(`"${oneLine(text)}" is not a line of a table`);
  return { start: count(start), length: count(length), target, args };
}

/** The line as dmsetup prints and reads it. */
export function tableText({ start, length, target, args }: TableLine): string {
  return [start, length, target, ...args].join(' ');
}

export function deviceNamed(mapper: DeviceMapper, name: string): MappedDevice | undefined {
  return Object.hasOwn(mapper.devices, name) ? mapper.devices[name] : undefined;
}

/** By `major:minor`, as tables and mountinfo name devices. */
export function deviceNumbered(mapper: DeviceMapper, number: string): MappedDevice | undefined {
  return Object.values(mapper.devices).find((device) => `${String(device.major)}:${String(device.minor)}` === number);
}

export interface ThinTarget {
  /** `major:minor` of the pool. */
  readonly poolDevice: string;
  readonly deviceId: number;
  /** An external, read-only origin device. */
  readonly origin?: string;
}

export function parseThin({ target, args }: TableLine): ThinTarget {
  const [poolDevice, deviceId, origin, ...more] = args;
  if (target !== 'thin' || poolDevice === undefined || more.length > 0)
    throw unreadable(`"${oneLine([target, ...args].join(' '))}" is not a thin device`);
  return { poolDevice, deviceId: count(deviceId), ...(origin === undefined ? {} : { origin }) };
}

export interface PoolTarget {
  readonly metadataDevice: string;
  readonly dataDevice: string;
  /** Sectors in a block. */
  readonly blockSectors: number;
  readonly lowWaterBlocks: number;
  readonly features: readonly string[];
}

export function parsePoolTable({ target, args }: TableLine): PoolTarget {
  const [metadataDevice, dataDevice, blockSectors, lowWaterBlocks, featureCount, ...features] = args;
  if (target !== 'thin-pool' || metadataDevice === undefined || dataDevice === undefined)
    throw unreadable(`"${oneLine([target, ...args].join(' '))}" is not a thin pool`);
  if (features.length !== (featureCount === undefined ? 0 : count(featureCount)))
    throw unreadable(`the pool's features are not as many as it says: ${oneLine(args.join(' '))}`);
  return {
    metadataDevice,
    dataDevice,
    blockSectors: count(blockSectors),
    lowWaterBlocks: count(lowWaterBlocks),
    features,
  };
}

export interface WorkingPool {
  readonly mode: 'rw' | 'ro' | 'out_of_data_space';
  readonly transaction: number;
  /** In metadata blocks of 4 KiB. */
  readonly metadataUsed: number;
  readonly metadataTotal: number;
  /** In the pool's own blocks (`blockSectors`). */
  readonly dataUsed: number;
  readonly dataTotal: number;
  readonly needsCheck: boolean;
  readonly discard: 'discard_passdown' | 'no_discard_passdown' | 'ignore_discard' | null;
  readonly whenFull: 'queue_if_no_space' | 'error_if_no_space' | null;
}

/** A pool that has failed reports nothing but that. */
export type PoolStatus = WorkingPool | { readonly mode: 'Fail' | 'Error' };

const poolStatus = /^\d+ \d+ thin-pool (\d+) (\d+)\/(\d+) (\d+)\/(\d+) (?:-|\d+) (.+)$/;

/** `0 2097152 thin-pool 4 841/8192 324/16384 - rw discard_passdown queue_if_no_space - 1024`; older kernels leave out the end. */
export function parsePoolStatus(line: string): PoolStatus {
  const failed = /^\d+ \d+ thin-pool (Fail|Error)$/.exec(line.trim())?.[1];
  if (failed === 'Fail' || failed === 'Error') return { mode: failed };
  const [, transaction, metadataUsed, metadataTotal, dataUsed, dataTotal, rest = ''] =
    poolStatus.exec(line.trim()) ?? [];
  const words = rest.split(' ');
  const mode = pick(words, ['rw', 'ro', 'out_of_data_space']);
  if (mode === undefined) throw unreadable(`"${oneLine(line)}" is not the status of a thin pool`);
  return {
    mode,
    transaction: count(transaction),
    metadataUsed: count(metadataUsed),
    metadataTotal: count(metadataTotal),
    dataUsed: count(dataUsed),
    dataTotal: count(dataTotal),
    needsCheck: words.includes('needs_check'),
    discard: pick(words, ['discard_passdown', 'no_discard_passdown', 'ignore_discard']) ?? null,
    whenFull: pick(words, ['queue_if_no_space', 'error_if_no_space']) ?? null,
  };
}

function pick<const Word extends string>(words: readonly string[], known: readonly Word[]): Word | undefined {
  return known.find((word) => words.includes(word));
}

function unreadable(message: string): AppError {
  return new AppError('fact-unreadable', `device-mapper could not be read: ${message}`, {
    hint: 'run "dmsetup info" and "dmsetup table" on the host as root: is the kernel module dm_mod loaded?',
  });
}
