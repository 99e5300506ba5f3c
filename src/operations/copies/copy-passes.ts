import type { Entered } from '../../facts/host/entered-directory.ts';
import { parseBytes } from '../../values/size.ts';
import type { Action } from '../engine/change.ts';
import type { CopyMethod } from './copy-method.ts';
import { rsyncOptions, timesOption } from './copy-method.ts';
import { longestCopyMs } from '../engine/time-limits.ts';
import { inSubshell, wholeScript } from '../../shell/render.ts';
import { shell } from '../../shell/shell.ts';

export interface PassOptions {
  /** Bytes a second at most, as the operator wrote it. Only rsync can. */
  readonly bwlimit?: string | undefined;
  /**
   * Nobody else can have written to the destination since the copy was begun (a volume made for it that
   * nothing uses): what is there and not in the source is taken for what the source has deleted since.
   */
  readonly exclusive?: boolean;
  /** Whatever the destination holds is replaced and removed. */
  readonly replaces?: boolean;
  /** The destination holds a part of the same already, which is left as it is. */
  readonly completes?: boolean;
  /** Final pass: a command that must succeed after the verification, or the copy does not count (what was stopped is so). */
  readonly stillHolds?: string;
}

/**
 * The pass that is made while containers run: what changes under it is left to the final pass. It
 * leaves the marker (facts/copies/begun-copy.ts), so that a copy which was cut is gone on with, and is taken by
 * nobody for a whole one. Empty for cp and tar: only rsync can go on from what is there already.
 *
 * `from` and `to` are directories; neither has to exist while this is planned (`toBeMade`). The pass is made of no others.
 */
export function livePass(method: CopyMethod, from: Entered, to: Entered, options: PassOptions): readonly Action[] {
  if (method.kind !== 'rsync') return [];
  const argv = ['/bin/sh', '-s', '--', ...passArguments('live', method, from, to, options)];
  const script = wholeScript('Copies what is there now; the final pass completes it.', passScript);
  return [{ kind: 'exec', argv, stdin: script, timeoutMs: longestCopyMs }];
}

/**
 * The pass after which the destination is the same as the source: nothing may write to either while it
 * runs. Text of a POSIX shell function's body (a subshell of its own: it changes no variable, option or
 * trap of the caller's), which ends with another status than 0 and its reason on standard error when
 * the two differ, when it could not copy, or when the destination holds anything but this very copy,
 * begun (by its marker) or complete (by `unchangedSinceCopy`). Files that differ from what an earlier pass
 * has left although size and time do not (written through a memory map) are found by the comparison by
 * checksum and copied again, once. What somebody else puts there meanwhile is found by it, too, and kept.
 * After success the data is on the disk, the marker is gone, and how the destination was left is
 * remembered.
 */
export function finalPass(method: CopyMethod, from: Entered, to: Entered, options: PassOptions): string {
  return inSubshell(passScript, passArguments('final', method, from, to, options), { holds: options.stillHolds ?? '' });
}

/** Text of a shell function's body: succeeds when `to` is still exactly as a final pass of `from` has left it. */
export function unchangedSinceCopy(from: Entered, to: Entered): string {
  return inSubshell(unchanged, sidesOf(from, to));
}

/**
 * Text of a shell function's body: succeeds when `to` holds nothing but this copy: it is empty, as one
 * of its passes has left it, or of one that was cut, without anything that could not be had again. With
 * `again` what a pass has left must be had again from `from` as well.
 */
export function holdsOnlyCopy(from: Entered, to: Entered, again = false): string {
  return inSubshell(onlyCopy, [...sidesOf(from, to), again ? 'again' : '']);
}

/** Text of a shell function's body: what is remembered of copies into `to` is forgotten, whether `to` is still there or not. */
export function forgetCopies(to: string): string {
  return inSubshell(forget, [to]);
}

function sidesOf(from: Entered, to: Entered): readonly string[] {
  return [from.path, to.path, from.identity, to.identity];
}

function passArguments(
  phase: 'live' | 'final',
  method: CopyMethod,
  from: Entered,
  to: Entered,
  { bwlimit, exclusive = false, replaces = false, completes = false }: PassOptions,
): readonly string[] {
  const trust = replaces ? 'anything' : exclusive ? 'marked' : completes ? 'part' : 'own';
  const rate = bwlimit === undefined || method.kind !== 'rsync' ? '' : String(Math.floor(parseBytes(bwlimit) / 1024));
  return [phase, method.kind, timesOption(method), rate, trust, ...sidesOf(from, to)];
}

const unchanged = shell('operations/copies/unchanged-since-copy.sh');
const onlyCopy = shell('operations/copies/holds-only-copy.sh');
const forget = shell('operations/copies/forget-copies.sh');

const rsyncText = `exec rsync ${rsyncOptions.join(' ')} "$@" "$from/" "$to/"`;
const passScript = shell('operations/copies/copy-pass.sh', { rsync_text: rsyncText });
