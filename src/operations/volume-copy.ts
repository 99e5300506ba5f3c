import { z } from 'zod';
import type { CopyDirectory, CopyTools, DirectoryDifference } from '../facts/directory-copy.ts';
import { copyDirectory, copyTools, directoryDifference } from '../facts/directory-copy.ts';
import type { FactRequest, Known } from '../facts/fact.ts';
import { ask } from '../facts/fact.ts';
import { formatBytes, parseBytes, SizeError } from '../values/size.ts';
import type { Change } from './change.ts';
import type { CopyMethod } from './copy-method.ts';
import { chooseMethod, comparison, copyActions } from './copy-method.ts';
import { hostPath } from './input.ts';
import type { Planned } from './operation.ts';
import { defineOperation } from './operation.ts';

const rate = z.string().refine((text) => {
  try {
    return parseBytes(text) >= 1024;
  } catch (error) {
    if (error instanceof SizeError) return false;
    throw error;
  }
}, 'must be a size for each second, for example 20MiB');

const directory = hostPath.refine((path) => !path.split('/').includes('..') && /[^/.]/.test(path), 'must be a directory below /, without ".."').transform((path) => path.replace(/\/+$/, ''));

const schema = z.strictObject({
  from: directory.describe('the directory whose content is copied, for example a volume\'s _data'),
  to: directory.describe('the directory that becomes the same; empty, or a part of the copy already'),
  bwlimit: rate.optional().describe('bytes a second at most'),
  delete: z.boolean().default(false).describe('the destination may hold something else, which is replaced and removed'),
});
type Want = z.infer<typeof schema>;
type Directory = Extract<CopyDirectory, { readonly kind: 'directory' }>;

export const volumeCopy = defineOperation<Want>({
  name: 'volume_copy',
  summary: 'Copy a directory to another on the same host, with everything that its files have, and verify it by checksum',
  schema,
  readOnly: false,
  repeats: false,
  needs(want, known) {
    const first = [ask(copyTools), ask(copyDirectory, want.from), ask(copyDirectory, want.to)];
    const difference = differenceRequest(want, known);
    return difference === undefined ? first : [...first, difference];
  },
  plan(want, known) {
    const tools = known.the(ask(copyTools));
    const source = known.the(ask(copyDirectory, want.from));
    const target = known.the(ask(copyDirectory, want.to));
    if (source.kind !== 'directory') return notDirectory(want.from, source.kind);
    if (target.kind !== 'directory') return notDirectory(want.to, target.kind);
    const method = chooseMethod(tools);
    const difference = differenceRequest(want, known);
    const differs = difference === undefined ? undefined : known.the(difference);
    const objection = overlap(source, target) ?? nested(source) ?? nested(target);
    if (objection !== undefined) return objection;
    if (method === undefined) return { outcome: 'refused', reason: 'the host has none of rsync (with ACLs and xattrs), GNU cp and GNU tar with GNU find', remedy: 'install rsync on the host' };
    if (differs?.total === 0) return { outcome: 'noop', reason: `${want.to} is a complete copy (${String(target.entries)} entries, ${formatBytes(target.allocatedBytes)})` };
    return inTheWay(want, method, target, differs) ?? tooSmall(want, source, target) ?? { outcome: 'change', changes: [change(want, method, source, target, differs)], warnings: warnings(want, method, tools) };
  },
  touches: ({ from, to }) => ({ reads: [`path:${from}`, `path:${to}`], changes: [`path:${to}`] }),
  result({ from, to }, known) {
    const source = known.get(ask(copyDirectory, from));
    return { from, to, entries: source?.kind === 'directory' ? source.entries : null, bytes: source?.kind === 'directory' ? source.allocatedBytes : null };
  },
});

/** Only two different directories of which the destination holds something, or neither does, need to be compared. */
function differenceRequest({ from, to }: Want, known: Known): FactRequest<DirectoryDifference> | undefined {
  const tools = known.get(ask(copyTools));
  const source = known.get(ask(copyDirectory, from));
  const target = known.get(ask(copyDirectory, to));
  if (tools === undefined || source?.kind !== 'directory' || target?.kind !== 'directory' || overlap(source, target) !== undefined) return undefined;
  const method = chooseMethod(tools);
  if (method === undefined || (target.entries === 0 && source.entries > 0)) return undefined;
  return ask(directoryDifference, ...comparison(method, 'quick', from, to));
}

function notDirectory(path: string, kind: 'missing' | 'other'): Planned {
  return { outcome: 'refused', reason: kind === 'missing' ? `${path} does not exist` : `${path} is not a directory`, remedy: kind === 'missing' ? 'create it first (for a volume: docker volume create), or correct the path' : 'only directories are copied' };
}

function overlap(source: Directory, target: Directory): Planned | undefined {
  const remedy = 'name two directories of which neither contains the other';
  if (source.identity === target.identity) return { outcome: 'refused', reason: `${source.path} and ${target.path} are the same directory`, remedy };
  if (`${target.path}/`.startsWith(`${source.path}/`)) return { outcome: 'refused', reason: `${target.path} lies inside ${source.path}: the copy would copy itself`, remedy };
  if (`${source.path}/`.startsWith(`${target.path}/`)) return { outcome: 'refused', reason: `${source.path} lies inside ${target.path}`, remedy };
  return undefined;
}

function nested({ path, mountsBelow }: Directory): Planned | undefined {
  if (mountsBelow.length === 0) return undefined;
  return { outcome: 'refused', reason: `other file systems are mounted below ${path}: ${mountsBelow.join(', ')}`, remedy: 'unmount them, or copy each of them in a step of its own: a copy stays on one file system' };
}

function inTheWay(want: Want, method: CopyMethod, target: Directory, differs: DirectoryDifference | undefined): Planned | undefined {
  if (target.entries === 0) return undefined;
  if (want.delete && method.kind !== 'rsync') return { outcome: 'refused', reason: `${want.to} is not empty, and without rsync nothing can be removed from it safely`, remedy: 'install rsync on the host, or empty the destination' };
  const complete = method.kind === 'rsync' && differs?.destructive === 0;
  if (want.delete || complete) return undefined;
  return {
    outcome: 'refused',
    reason: `${want.to} holds something else: ${String(differs?.total ?? target.entries)} differences, first ${(differs?.first ?? []).slice(0, 3).join(' | ')}`,
    remedy: 'choose an empty destination; or say delete: true, and what is there is replaced and removed',
  };
}

function tooSmall(want: Want, source: Directory, target: Directory): Planned | undefined {
  const bytes = Math.max(0, source.allocatedBytes - target.allocatedBytes);
  const inodes = Math.max(0, source.entries - target.entries);
  if (bytes > target.availableBytes) return { outcome: 'refused', reason: `${want.to} has ${formatBytes(target.availableBytes)} free, the copy needs ${formatBytes(bytes)}`, remedy: 'make room at the destination, or raise its quota' };
  if (target.inodesTotal > 0 && inodes > target.inodesAvailable) return { outcome: 'refused', reason: `${want.to} has ${String(target.inodesAvailable)} free inodes, the copy needs ${String(inodes)}`, remedy: 'choose a file system with more inodes' };
  return undefined;
}

function warnings(want: Want, method: CopyMethod, tools: CopyTools): readonly string[] {
  const unverified = method.kind !== 'rsync' && !(tools.getfattr && tools.getfacl);
  return [
    'stop every container that writes to either directory first: what changes during the copy makes its verification fail',
    ...(unverified ? ['ACLs and extended attributes are copied but cannot be verified: getfattr or getfacl is missing'] : []),
    ...(want.bwlimit !== undefined && method.kind !== 'rsync' ? [`bwlimit is ignored: ${method.kind} cannot limit its rate`] : []),
    ...(method.kind === 'tar' ? ['tar leaves sockets out; the verification fails if there are any'] : []),
  ];
}

function change(want: Want, method: CopyMethod, source: Directory, target: Directory, differs: DirectoryDifference | undefined): Change {
  const empty = target.entries === 0;
  return {
    summary: `${want.from} → ${want.to}: ${String(source.entries)} entries, ${formatBytes(source.allocatedBytes)}, by ${method.kind}`,
    before: { entries: target.entries, bytes: target.allocatedBytes, differences: differs?.total ?? source.entries, method: method.kind },
    after: { entries: source.entries, bytes: source.allocatedBytes, differences: 0, method: method.kind },
    actions: copyActions(method, want.from, want.to, { bwlimit: want.bwlimit, clearOnFailure: empty && method.kind !== 'rsync' }),
    undo: empty
      ? [
          { kind: 'exec', argv: ['find', want.to, '-xdev', '-mindepth', '1', '-delete'] },
          { kind: 'exec', argv: ['chown', target.owner, want.to] },
          { kind: 'exec', argv: ['chmod', target.mode, want.to] },
        ]
      : 'irreversible',
    atomic: false,
    bindings: {},
  };
}
