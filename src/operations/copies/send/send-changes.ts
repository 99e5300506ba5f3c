import type { ContainerUse } from '../../../facts/containers/container-uses.ts';
import { own } from '../../../facts/crossing.ts';
import type { StoppedForCopies } from '../../../facts/copies/stopped-for-copy.ts';
import { stoppedText } from '../../../facts/copies/stopped-for-copy.ts';
import type { JsonObject } from '../../../values/json.ts';
import { formatBytes } from '../../../values/size.ts';
import type { Action, Change, RelayAction } from '../../engine/change.ts';
import type { Directory } from '../copy-start.ts';
import { startAgain } from '../start-again.ts';
import { names } from '../directory-users.ts';
import type { Access } from './send-access.ts';
import { grantAccess, revokeAccess, ticketFor } from './send-access.ts';
import type { RsyncSets, Way } from './send-pass.ts';
import { makeKey, removeKey, sendPass } from './send-pass.ts';
import { typed } from './send-sides.ts';
import { shell } from '../../../shell/shell.ts';

type Remembered = StoppedForCopies['all'][number];

export interface SendPlan {
  readonly access: Access;
  readonly way: Way;
  readonly sets: RsyncSets;
  /** Where the key is kept while it is needed. */
  readonly directory: string;
  readonly source: Directory;
  /** What the destination holds now. */
  readonly holds: { readonly entries: number; readonly bytes: number };
  /** A volume that is made for the copy. */
  readonly newVolume: string | undefined;
  /** It was begun and cut. */
  readonly begun: boolean;
  /** A complete copy is brought up to date. */
  readonly refresh: boolean;
  readonly reversible: boolean;
  readonly stops: readonly ContainerUse[];
  /** What a copy that was cut has stopped and not started again. */
  readonly remembered: Remembered | undefined;
  readonly down: readonly ContainerUse[];
  readonly stopped: StoppedForCopies;
  /** From and to, for people. */
  readonly labels: readonly [string, string];
}

/** The volume, where there is none; a pass while containers run, where any have to be stopped; and the final one. */
export function sendChanges(plan: SendPlan): readonly Change[] {
  const { access, source, stops, newVolume, begun, refresh, labels } = plan;
  const going = begun ? 'go on with the copy of ' : refresh ? 'bring the copy up to date, ' : '';
  const what = `${labels[0]} → ${labels[1]}: ${going}${String(source.entries)} entries, ${formatBytes(source.allocatedBytes)}, by rsync from host to host`;
  const undo = plan.reversible ? undoActions(plan) : 'irreversible';
  const bindings = Object.fromEntries(stops.map(({ id, name }) => [`container ${name}`, id]));
  const begunBefore = plan.reversible && begun;
  const live: Change = {
    summary: `${what}, while ${names(stops)} run${stops.length === 1 ? 's' : ''}`,
    subject: `copy:${access.host}:${access.to}`,
    before: { copy: begun ? 'begun' : refresh ? 'older' : 'none' },
    after: { copy: 'begun' },
    actions: passActions(plan, 'live'),
    undo,
    ...(begunBefore ? { undoneTo: { copy: 'none' } } : {}),
    atomic: false,
    bindings,
  };
  return [
    ...(newVolume === undefined ? [] : [createChange(access, newVolume)]),
    ...(stops.length === 0 ? [] : [live]),
    finalChange(plan, what, undo, bindings),
  ];
}

function finalChange(plan: SendPlan, what: string, undo: Change['undo'], bindings: Change['bindings']): Change {
  const { access, source, holds, stops, down, begun } = plan;
  const who = [...down, ...stops];
  const before: JsonObject = {
    ...holds,
    ...(begun ? { unfinished: true } : {}),
    ...(down.length === 0 ? {} : { stopped: down.map(({ name }) => name) }),
  };
  return {
    summary:
      who.length === 0
        ? what
        : `${stops.length > 0 ? '' : `${what}; `}stop ${names(who)}, ${stops.length > 0 ? 'copy the rest and compare' : 'copy and compare'}, start ${who.length === 1 ? 'it' : 'them'} again`,
    subject: `final:${access.host}:${access.to}`,
    before,
    after: { entries: source.entries, bytes: source.allocatedBytes },
    actions: passActions(plan, 'final'),
    undo,
    ...(undo !== 'irreversible' && (begun || down.length > 0) ? { undoneTo: { entries: 0, bytes: 0 } } : {}),
    atomic: false,
    bindings,
  };
}

function passActions(plan: SendPlan, phase: 'live' | 'final'): readonly Action[] {
  const { access, way, sets, directory, source, stopped, remembered, stops, down } = plan;
  const ids = phase === 'live' ? [] : [...down, ...stops].map(({ id }) => id);
  const file = stoppedFile(plan);
  const remember: readonly Action[] = [
    { kind: 'exec', argv: ['mkdir', '-p', '-m', '700', stopped.directory] },
    {
      kind: 'write-file',
      path: file,
      content: stoppedText({ from: source.path, to: destinationName(plan), containers: ids }),
      mode: '0600',
      expect: remembered?.text ?? null,
    },
  ];
  return [
    makeKey(directory, access.id, way.publicKey),
    grantAccess(access, `${directory}/key.pub`),
    ...(ids.length === 0 ? [] : remember),
    sendPass({
      phase,
      from: source.path,
      identity: source.identity,
      directory,
      trust: access.trust,
      way,
      sets,
      ...(ids.length === 0 ? {} : { stopped: file }),
    }),
  ];
}

/** Found again by what it says. */
function stoppedFile({ stopped, remembered, access }: SendPlan): string {
  return remembered?.file ?? `${stopped.directory}/${access.id}`;
}

/** The destination, as it is written down at the source. */
export function destinationName({ access }: { readonly access: Pick<Access, 'host' | 'to'> }): string {
  return `${access.host}:${access.to}`;
}

/** Takes away what a copy that was cut, and is not gone on with, has left. */
export function clearAwayChange({
  access,
  directory,
  remembered,
  down,
}: Pick<SendPlan, 'access' | 'directory' | 'remembered' | 'down'>): Change {
  const start = remembered === undefined ? [] : [startAgain(remembered.file)];
  return {
    summary: `${down.length === 0 ? '' : `start ${names(down)} again, stopped for the copy; `}let nobody in on ${access.host} for this copy any more`,
    subject: `left:${access.host}:${access.to}`,
    before: { left: true, stopped: down.map(({ name }) => name) },
    after: { left: false, stopped: [] },
    actions: [...start, revokeAccess(access), removeKey(directory)],
    undo: [],
    atomic: false,
    bindings: {},
  };
}

const madeFor = 'plimsoll.copied-from';

const createScript = shell('operations/copies/send/create-to-receive.sh');
const removeScript = shell('operations/copies/send/remove-created.sh');

export function createChange({ host, id, label }: Pick<Access, 'host' | 'id' | 'label'>, volume: string): Change {
  const create: RelayAction = {
    kind: 'relay',
    host,
    what: `create the volume ${volume}`,
    script: createScript,
    args: [id, typed(volume), label, own(madeFor)],
    ticket: ticketFor(id),
    timeoutMs: 120_000,
  };
  const remove: RelayAction = {
    kind: 'relay',
    host,
    what: `remove the volume ${volume}, if it is empty and was made for this copy`,
    script: removeScript,
    args: [id, typed(volume), label, own(madeFor)],
    timeoutMs: 120_000,
  };
  return {
    summary: `${host}: a new volume ${volume}`,
    subject: `volume:${host}:${volume}`,
    before: { volume: null },
    after: { volume },
    actions: [create],
    undo: [remove],
    atomic: false,
    bindings: {},
  };
}

const emptyScript = shell('operations/copies/send/empty-received.sh');

function undoActions(plan: SendPlan): readonly Action[] {
  const { access, directory, labels } = plan;
  return [
    startAgain(stoppedFile(plan)),
    removeKey(directory),
    revokeAccess(access),
    {
      kind: 'relay',
      host: access.host,
      what: `empty ${labels[1]}, if it holds this copy and nothing else`,
      script: emptyScript,
      args: [access.label, access.to],
      timeoutMs: 86_400_000,
    },
  ];
}
