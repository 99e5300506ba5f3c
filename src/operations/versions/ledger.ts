import type { ExecAction } from '../engine/change.ts';
import { shell } from '../../shell/shell.ts';

const append = shell('operations/versions/append-to-ledger.sh');

/** Writes down on the host, for as long as there is a host, what has become of a name (facts/volume-state). */
export function inLedger(
  family: string,
  what: 'made' | 'in-force' | 'given-up',
  { version, name, replaces }: { readonly version: number; readonly name: string; readonly replaces: string },
): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-c', append, 'sh', family, what, String(version), name, replaces] };
}
