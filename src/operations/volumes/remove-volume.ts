import { inSubshell } from '../../shell/render.ts';
import { shell } from '../../shell/shell.ts';
import type { ExecAction } from '../engine/change.ts';

const remember = shell('operations/volumes/remember-left.sh');
const removeLeftScript = shell('operations/volumes/remove-left.sh');
const removeMadeScript = shell('operations/volumes/remove-made.sh');

/** The body of a shell function: remembers how a volume's content is left, once nothing uses it any more. */
export function rememberLeft(name: string, directory: string): string {
  return inSubshell(remember, [name, directory]);
}

/** Removes a volume whose content has been copied to `copiedTo`, if it is exactly as it was left then. */
export function removeLeft(name: string, directory: string, copiedTo: string): ExecAction {
  const argv = ['/bin/sh', '-s', '--', name, directory, copiedTo];
  return { kind: 'exec', argv, stdin: removeLeftScript, timeoutMs: 3_600_000 };
}

/** Removes a volume that we have made, if it is that one still: `identity` is what `format` prints of it. A container with the label belongs to its making. */
export function removeMade(
  name: string,
  directory: string,
  label: string,
  format: string,
  identity: string,
): ExecAction {
  const argv = ['/bin/sh', '-s', '--', name, label, format, identity, directory];
  return { kind: 'exec', argv, stdin: removeMadeScript, timeoutMs: 120_000 };
}
