import type { ExecAction } from '../change.ts';

const append = `directory=\${PLIMSOLL_STATE:-/var/lib/plimsoll}/volumes
mkdir -p -m 700 -- "$directory" || exit 1
file=$directory/$1
[ ! -s "$file" ] || [ -z "$(tail -c 1 -- "$file")" ] || echo >>"$file"
printf '%s %s %s %s\\n' "$2" "$3" "$4" "$5" >>"$file" && sync -- "$file" "$directory"`;

/** Writes down on the host, for as long as there is a host, what has become of a name (facts/volume-state). */
export function inLedger(family: string, what: 'made' | 'in-force' | 'given-up', { version, name, replaces }: { readonly version: number; readonly name: string; readonly replaces: string }): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-c', append, 'sh', family, what, String(version), name, replaces] };
}
