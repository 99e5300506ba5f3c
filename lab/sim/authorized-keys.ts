import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';

/** A key that may run one command. */
export interface ForcedCommand {
  readonly key: ParsedKey;
  readonly command: string;
}

const line =
  /^restrict,from="(?<from>[^"]*)",(?:expiry-time="\d+",)?command="(?<command>(?:[^"\\]|\\.)*)" (?<key>ssh-ed25519 [A-Za-z0-9+/=]+) /;

/** What root's file on a host allows to whoever has this key and comes from this address, of the kind of line that plimsoll writes. */
export function forcedCommand(root: string, key: Buffer, address: string): ForcedCommand | undefined {
  for (const text of linesOf(join(root, 'root/.ssh/authorized_keys'))) {
    const found = line.exec(text)?.groups;
    const parsed = ssh2.utils.parseKey(found?.['key'] ?? '');
    if (
      found === undefined ||
      parsed instanceof Error ||
      found['from'] !== address ||
      !parsed.getPublicSSH().equals(key)
    )
      continue;
    return { key: parsed, command: (found['command'] ?? '').replaceAll(/\\(.)/g, '$1') };
  }
  return undefined;
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
