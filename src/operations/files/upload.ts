import * as z from 'zod';
import { ask } from '../../facts/fact.ts';
import type { HostFile, LaptopFile } from '../../facts/host/file.ts';
import { hostFile, laptopFile } from '../../facts/host/file.ts';
import { refuse } from '../../values/refusal.ts';
import { formatBytes } from '../../values/size.ts';
import type { Action } from '../engine/change.ts';
import { hostPath, laptopFileResource, octalMode } from '../engine/input.ts';
import { defineOperation } from '../engine/operation.ts';
import { together } from '../engine/reading.ts';
import { shell } from '../../shell/shell.ts';

const schema = z.strictObject({
  from: z.string().min(1).describe('the file on this machine, relative to the playbook'),
  to: hostPath.describe('where it goes on the host: an absolute path, with the name of the file'),
  mode: octalMode.default('0644').describe('its permissions, in octal digits and in quotes; "0644" when absent'),
  owner: z
    .string()
    .regex(
      /^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/,
      'must be USER or USER:GROUP, names or numbers',
    )
    .optional()
    .describe(
      'USER or USER:GROUP, names or numbers, that it is to belong to; when absent, what is written belongs to who writes it',
    ),
});
type Want = z.infer<typeof schema>;

export const upload = defineOperation({
  name: 'upload',
  summary: 'Copy a file from this machine to the host, verified by digest',
  schema,
  laptopPaths: [['from']],
  readOnly: false,
  repeats: false,
  *read({ from, to }) {
    const [source, target] = yield* together(ask(laptopFile, from), ask(hostFile, to));
    return { source, target };
  },
  plan(want, { source, target }) {
    const { from, to } = want;
    if (!source.exists)
      return refuse(`there is no file ${from} on this machine`, 'correct from: (it is relative to the playbook)');
    if (target.exists && target.kind !== 'file')
      return refuse(`${to} on the host is a ${target.kind}`, 'name the file itself in to:, or remove what is there');
    const actions = wantedActions(want, source, target);
    if (actions.length === 0) return { outcome: 'noop', reason: `${to} is the same file` };
    const replaced = replacedContent(source, target);
    return {
      outcome: 'change',
      changes: [
        {
          summary: `${to}: ${target.exists ? 'replaced' : 'new'}, ${formatBytes(source.bytes)}, mode ${want.mode}`,
          before: target.exists ? { sha256: target.sha256, mode: target.mode, owner: target.owner } : { exists: false },
          after: { sha256: source.sha256, mode: want.mode, ...(want.owner === undefined ? {} : { owner: want.owner }) },
          actions,
          undo: undoActions(to, target),
          ...(replaced === undefined ? {} : { finalize: [exec('rm', '-f', '--', kept(replaced))] }),
          atomic: false,
          bindings: {},
        },
      ],
    };
  },
  touches: ({ from, to }) => ({ reads: [`path:${to}`, laptopFileResource(from)], changes: [`path:${to}`] }),
  result: ({ to }, { source }) => ({ path: to, sha256: source.sha256 }),
});

function wantedActions({ from, to, mode, owner }: Want, source: LaptopFile, target: HostFile): readonly Action[] {
  const replaced = replacedContent(source, target);
  if (!target.exists || replaced !== undefined) {
    const send: Action = {
      kind: 'upload',
      from,
      path: to,
      mode,
      sha256: source.sha256,
      bytes: source.bytes,
      ...(owner === undefined ? {} : { owner }),
    };
    return [...(replaced === undefined ? [] : keep(to, replaced)), send];
  }
  if ((owner === undefined || isOwner(target, owner)) && target.mode === mode) return [];
  const [, group = ''] = target.owner.split(':');
  return [
    put('', to, {
      ...target,
      mode,
      owner: owner === undefined ? target.owner : owner.includes(':') ? owner : `${owner}:${group}`,
    }),
  ];
}

/** The digest of the content that goes, and is kept until the change is finalized. */
function replacedContent(source: LaptopFile, target: HostFile): string | undefined {
  return target.exists && target.sha256 !== source.sha256 ? target.sha256 : undefined;
}

/** Where the old content is kept, named by its digest: the undo needs no name of its own for it. */
const kept = (sha256: string): string => `/var/lib/plimsoll/replaced/${sha256}`;

/** Files are read and written by functions that follow no link of somebody else's. */
const keepReplaced = shell('operations/files/keep-replaced.sh');
const giveModeAndOwner = shell('operations/files/give-mode-and-owner.sh');
const bringBackReplaced = shell('operations/files/bring-back-replaced.sh');
const removeFile = shell('operations/files/remove-file.sh');

function script(text: string, ...args: readonly string[]): Action {
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', ...args], stdin: `${text}\n`, timeoutMs: 600_000 };
}

function keep(path: string, sha256: string): readonly Action[] {
  return [script(keepReplaced, path, kept(sha256), sha256)];
}

/** The file itself gets neither owner nor mode while others may exchange it: a copy of it does, and takes its place. */
function put(
  from: string,
  path: string,
  { sha256, mode, owner }: Pick<Extract<HostFile, { readonly exists: true }>, 'sha256' | 'mode' | 'owner'>,
): Action {
  return script(from === '' ? giveModeAndOwner : bringBackReplaced, from, path, sha256, mode, owner);
}

function undoActions(path: string, target: HostFile): readonly Action[] {
  if (!target.exists) return [script(removeFile, path)];
  return [put(kept(target.sha256), path, target)];
}

function isOwner(target: Extract<HostFile, { readonly exists: true }>, owner: string): boolean {
  return [target.owner, target.ownerNames].some(
    (actual) => actual === owner || (!owner.includes(':') && actual.split(':')[0] === owner),
  );
}

function exec(...argv: readonly string[]): Action {
  return { kind: 'exec', argv };
}
