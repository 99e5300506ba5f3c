import type { HostStatus } from '../errors.ts';
import type { RunMode } from '../run/report/recap.ts';

interface ModeWords {
  /** What a run of this mode has to do with the run that it names. */
  readonly of: string;
  /** Before a step that is being done, that has been done, and that would be. */
  readonly doing: string;
  readonly done: string;
  readonly would: string;
  /** How a host has ended on which it was done. */
  readonly changed: string;
  /** Whether its changes can be undone is worth saying: not where they are the undoing. */
  readonly saysUndo: boolean;
}

const onward = { doing: '', done: '', would: '', changed: 'changed', saysUndo: true };

const words: Readonly<Record<RunMode, ModeWords>> = {
  plan: { ...onward, of: '' },
  apply: { ...onward, of: '' },
  resume: { ...onward, of: 'continues ' },
  rollback: {
    of: 'undoes ',
    doing: 'undo ',
    done: 'undone: ',
    would: 'would undo: ',
    changed: 'undone',
    saysUndo: false,
  },
  finalize: {
    of: 'finalizes ',
    doing: 'finalize ',
    done: 'finalized: ',
    would: 'would finalize: ',
    changed: 'finalized',
    saysUndo: false,
  },
};

export function wordsOf(mode: RunMode): ModeWords {
  return words[mode];
}

/** What people read for a status: of a rollback, `undone`. */
export function statusWord(status: HostStatus, mode: RunMode): string {
  return status === 'changed' ? words[mode].changed : status;
}

/** `run r1`, and for a run that goes on from an earlier one what it does with that: `continues run r1`. */
export function runPhrase(mode: RunMode, runId: string): string {
  return `${words[mode].of}run ${runId}`;
}

/** The first line of a preview. */
export function planTitle(playbook: string, mode: RunMode, runId: string): string {
  switch (mode) {
    case 'plan':
    case 'apply':
      return `Plan of ${playbook}`;
    case 'resume':
      return `Plan of ${playbook}: ${runPhrase(mode, runId)}`;
    case 'rollback':
      return `Rollback of run ${runId} (${playbook}): what would be undone, the newest first`;
    case 'finalize':
      return `Finalize run ${runId} (${playbook}): it cannot be rolled back after this`;
  }
}

/** What there is (nothing) to do in a preview: `nothing to do`, `nothing to undo`. */
export function verbOf(mode: RunMode): 'do' | 'undo' | 'finalize' {
  return mode === 'rollback' ? 'undo' : mode === 'finalize' ? 'finalize' : 'do';
}
