import type { Change, ExecAction, WriteFileAction } from '../engine/change.ts';
import { shell } from '../../shell/shell.ts';

/** A package of Docker need not make the directory of daemon.json. */
export function writeConfigFile(write: WriteFileAction): readonly (ExecAction | WriteFileAction)[] {
  return write.expect === null
    ? [
        { kind: 'exec', argv: ['mkdir', '-p', '-m', '0755', '--', write.path.slice(0, write.path.lastIndexOf('/'))] },
        write,
      ]
    : [write];
}

/** May be run again; what somebody else has written since is not touched. */
const takeBackScript = shell('operations/daemon/take-config-back.sh');

/** The file is what it was before that: with its old content; or not there, nor its directory if that is empty. */
export function takeBackConfigFile({ path, content, backup = '' }: WriteFileAction): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-c', takeBackScript, 'sh', path, backup], stdin: content };
}

/** The copy of the old file, which is kept until then. */
export function finalizeConfigFile(backup: string | undefined): Pick<Change, 'finalize'> {
  return backup === undefined ? {} : { finalize: [{ kind: 'exec', argv: ['rm', '-f', '--', backup] }] };
}
