import * as z from 'zod';
import { ask } from '../../facts/fact.ts';
import type { MappedDevice, TableLine } from '../../facts/host/device-mapper.ts';
import {
  deviceMapper,
  deviceNamed,
  parsePoolStatus,
  parseTableLine,
  parseThin,
  tableText,
} from '../../facts/host/device-mapper.ts';
import type { JsonObject } from '../../values/json.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Change } from '../engine/change.ts';
import type { Decision } from '../engine/operation.ts';
import { defineOperation } from '../engine/operation.ts';
import { together } from '../engine/reading.ts';
import { liveThin, poolState, sectorsText, unsafeTable } from './thin-table.ts';
import { byHand } from '../../values/shell.ts';

const device = z
  .string()
  .transform((name) => name.replace(/^\/dev\/mapper\//, ''))
  .refine((name) => /^[^\s/-][^\s/]*$/.test(name), 'must be the name of a mapped device, as dmsetup ls shows it')
  .describe('the name of a mapped device, with or without /dev/mapper/');

const table = z
  .string()
  .transform((text) => text.trim().replaceAll(/[ \t]+/g, ' '))
  .refine(
    (text) => /^\d+ [1-9]\d* \S+( \S+)*$/.test(text),
    'must be one line: START LENGTH TARGET ARGUMENTS, for example "0 41943040 thin 253:0 7"',
  );

const schema = z.discriminatedUnion(
  'action',
  [
    z.strictObject({
      action: z
        .enum(['table', 'info', 'status'])
        .describe('table, info, status: read the device, and register its fields'),
      device,
    }),
    z.strictObject({
      action: z.literal('load').describe('load: give the device a longer table, which is not live yet'),
      device,
      table: table.describe(
        'with load: the new table, which is the live one with another length, in sectors of 512 bytes',
      ),
    }),
    z.strictObject({ action: z.literal('resume').describe('resume: make the loaded table live'), device }),
  ],
  { error: 'must be {action: table, info, status, load or resume, device: NAME}, and a table: for load' },
);

export const dmsetup = defineOperation({
  name: 'dmsetup',
  summary: 'Read a device-mapper device, load a longer table into a thin device, or make a loaded one live',
  schema,
  readOnly: ({ action }) => action !== 'load' && action !== 'resume',
  repeats: false,
  *read(want) {
    const [mapper] = yield* together(ask(deviceMapper));
    return { mapper, found: deviceNamed(mapper, want.device) };
  },
  plan(want, { mapper, found }): Decision {
    if (found === undefined) {
      return refuse(
        `there is no mapped device ${want.device}`,
        'a container\'s device exists only while it is in use: start the container; "dmsetup ls" lists what there is',
      );
    }
    if (want.action !== 'load' && want.action !== 'resume') return { outcome: 'noop', reason: `read ${want.device}` };
    const live = liveThin(found);
    if (isRefused(live)) return live;
    const next = want.action === 'load' ? parseTableLine(want.table) : found.inactive[0];
    const refusal = next === undefined ? undefined : unsafeTable(found.name, live.line, next);
    if (refusal !== undefined) return refusal;
    const planned =
      want.action === 'load' ? planLoad(found, live.line, parseTableLine(want.table)) : planResume(found, live.line);
    if (isRefused(planned) || planned.outcome !== 'change') return planned;
    const pool = poolState(mapper, live.line, (next?.length ?? live.line.length) - live.line.length);
    if (isRefused(pool)) return pool;
    return pool.warning === undefined ? planned : { ...planned, warnings: [pool.warning] };
  },
  touches: (want) => ({
    reads: [`device:${want.device}`],
    changes: want.action === 'load' || want.action === 'resume' ? [`device:${want.device}`] : [],
  }),
  result(want, { found }) {
    if (found === undefined) return null;
    if (want.action === 'info') return infoResult(found);
    return want.action === 'status' ? statusResult(found) : tableResult(found);
  },
});

function planLoad(found: MappedDevice, live: TableLine, next: TableLine): Decision {
  const text = tableText(next);
  if (tableText(live) === text) return { outcome: 'noop', reason: `the live table is ${text} already` };
  if (found.inactive.map(tableText).join('; ') === text)
    return { outcome: 'noop', reason: `${text} is loaded already; resume makes it live` };
  if (found.inactive.length > 0) {
    return refuse(
      `another table is loaded already: ${found.inactive.map(tableText).join('; ')}`,
      `find out who loaded it, then: ${byHand('dmsetup', 'clear', found.name)}`,
    );
  }
  if (found.suspended)
    return refuse(
      `${found.name} is suspended: somebody is at work on it`,
      `when nobody is: ${byHand('dmsetup', 'resume', found.name)}`,
    );
  const clear = ['dmsetup', 'clear', found.name];
  const change: Change = {
    summary: `${found.name}: load a table of ${formatBytes(next.length * 512)} (now ${formatBytes(live.length * 512)})`,
    before: { live: tableText(live), loaded: null, size: sectorsText(live.length) },
    after: { live: tableText(live), loaded: text, size: sectorsText(next.length) },
    actions: [
      {
        kind: 'exec',
        argv: ['dmsetup', 'load', found.name, '--table', text],
        check: { argv: ['dmsetup', 'table', '--inactive', found.name], equals: text },
        onFailure: [clear],
      },
    ],
    undo: [{ kind: 'exec', argv: clear }],
    atomic: false,
    bindings: { device: found.name },
  };
  return { outcome: 'change', changes: [change] };
}

function planResume(found: MappedDevice, live: TableLine): Decision {
  const [next] = found.inactive;
  if (found.inactive.length > 1)
    return refuse(
      `the loaded table has ${String(found.inactive.length)} lines`,
      `it is not a container's: ${byHand('dmsetup', 'clear', found.name)}`,
    );
  if (next === undefined && !found.suspended)
    return { outcome: 'noop', reason: 'nothing is loaded and it is not suspended' };
  const text = tableText(next ?? live);
  const grows = next !== undefined && next.length > live.length;
  const resume = ['dmsetup', 'resume', found.name];
  const change: Change = {
    summary: grows
      ? `${found.name}: ${formatBytes(live.length * 512)} → ${formatBytes(next.length * 512)} becomes live`
      : `${found.name}: resume`,
    before: {
      live: tableText(live),
      loaded: next === undefined ? null : text,
      suspended: found.suspended,
      size: sectorsText(live.length),
    },
    after: { live: text, loaded: null, suspended: false, size: sectorsText((next ?? live).length) },
    actions: [
      {
        kind: 'exec',
        argv: resume,
        check: { argv: ['dmsetup', 'table', found.name], equals: text },
        onFailure: [['dmsetup', 'clear', found.name], resume],
      },
    ],
    // Once it is longer a file system may use the new part, and a shorter table would cut it off.
    undo: grows || found.suspended ? 'irreversible' : [],
    atomic: false,
    bindings: { device: found.name },
  };
  return { outcome: 'change', changes: [change] };
}

function tableResult(found: MappedDevice): JsonObject {
  const [line] = found.table;
  const lines = found.table.map(tableText);
  const thin = line?.target === 'thin' ? parseThin(line) : undefined;
  return {
    line: lines.join('\n'),
    lines,
    start: line?.start ?? null,
    sectors: line?.length ?? null,
    target: line?.target ?? null,
    pool: thin?.poolDevice ?? null,
    device_id: thin?.deviceId ?? null,
    origin: thin?.origin ?? null,
  };
}

function infoResult(found: MappedDevice): JsonObject {
  return {
    name: found.name,
    major: found.major,
    minor: found.minor,
    open_count: found.openCount,
    suspended: found.suspended,
    deferred_remove: found.deferredRemove,
    live: found.table.length > 0,
    loaded: found.inactive.length > 0,
  };
}

function statusResult(found: MappedDevice): JsonObject {
  const [line] = found.status;
  return {
    line: found.status.join('\n'),
    lines: found.status,
    pool: line?.includes(' thin-pool ') === true ? { ...parsePoolStatus(line) } : null,
  };
}
