import type { Manifest } from '../../facts/backup-shelf.ts';
import { enterFunction, insideFunctions } from '../../facts/entered-directory.ts';
import { quote } from '../../values/shell.ts';
import type { Action, ExecAction } from '../change.ts';
import { longestCopyMs } from '../time-limits.ts';
import { unusedFunction } from '../volumes/copy-changes.ts';
import { leftFunctions, rememberLeft } from '../volumes/remove-volume.ts';
import { contentListText } from './content-list.ts';
import { openFunctions, stageFunctions } from './encryption-script.ts';
import { shell } from '../../shell/shell.ts';

export interface Extraction {
  readonly manifest: Manifest;
  readonly archive: string;
  readonly volume: string;
  readonly directory: string;
  /** Removed once it has been extracted. */
  readonly onItsWay: boolean;
  /** The file on the host with the key; undefined when the archive is not encrypted. */
  readonly identity: string | undefined;
}

/**
 * Checks the archive (of one that is encrypted also what is in it, before anything is written), extracts it into the volume's directory, which is emptied first of what an attempt
 * that was cut has left, and compares what is there with what the manifest says. `$state/restored/VOLUME`
 * says from before the first byte that it has begun, and at the end that it is whole.
 */
export function extract({ manifest, archive, volume, directory, onItsWay, identity }: Extraction): ExecAction {
  const { list } = manifest;
  const parts = [list.names, list.contents, list.attributes, list.acls].map((digest, index) => (digest === undefined ? '' : `${['names', 'contents', 'attributes', 'acls'][index] ?? ''} ${digest}`));
  return {
    kind: 'exec',
    argv: ['/bin/sh', '-s', '--', archive, directory, volume, manifest.name, manifest.compression, manifest.sha256, String(manifest.consistency === 'live' ? '' : manifest.entries - manifest.sockets), onItsWay ? archive : '', identity ?? '', manifest.inside?.sha256 ?? '', String(longestUnpacked(manifest)), String(longestFiles(manifest)), ...parts.filter((part) => part !== '')],
    stdin: extractScript(volume, directory),
    timeoutMs: longestCopyMs,
  };
}

/** \`mark TEXT\` says how far the volume has come. */
const markFunction = shell('operations/backups/mark.sh');

const untarText = `exec tar -C "$to" --xattrs --xattrs-include='*' --acls --selinux -S --numeric-owner --same-owner -xpf -`;

const mebibyte = 1024 ** 2;

/**
 * No more than this is taken from an archive, whatever it unpacks to. Manifests of an earlier plimsoll say only what the
 * files have been; of those, what names and attributes take is allowed for, and what was written to while it was read may have doubled.
 */
export function longestUnpacked({ unpackedBytes, allocatedBytes, apparentBytes, entries, consistency }: Manifest): number {
  if (unpackedBytes !== undefined) return unpackedBytes;
  return Math.max(allocatedBytes, apparentBytes) * (consistency === 'live' ? 2 : 1) + entries * 65_536 + 64 * mebibyte;
}

/** With the holes in them. What a directory takes is not the same on every file system. */
function longestFiles({ apparentBytes, entries }: Manifest): number {
  return apparentBytes + entries * 8192 + 16 * mebibyte;
}

const extractScript = (volume: string, directory: string): string => `# Extracts $1 into $2, and proves that it is what was backed up.
restore() {
${insideFunctions}${stageFunctions}${openFunctions}${unusedFunction}
archive=$1 directory=$2 volume=$3 name=$4 packing=$5 sum=$6 entries=$7 removes=$8 identity=$9; shift 9
inside=$1 limit=$2 apparent=$3; shift 3
${markFunction}
work=$state/restoring
remember_left() {
${rememberLeft(volume, directory)}
}
no() { printf '%s\\n' "$*" >&2; exit 1; }
trap 'rm -rf -- "$work"' EXIT
trap 'exit 143' TERM INT HUP
rm -rf -- "$work" && mkdir -p -m 700 -- "$state" "$work" || no "$state cannot be written"
[ "$(sha256sum <"$archive" | cut -d' ' -f1)" = "$sum" ] || no "$archive is not what its manifest says: its checksum differs"
[ -z "$identity" ] || opens
unused "$directory" || exit 1
# Docker has made it in a directory of its own, where only root can put another one in its place; it stays this one.
enter "$directory" '' || exit 1
from= from_is= to=$directory to_is=\${is%:*} scratch=$work
case $(cat -- "$state/restored/$volume" 2>/dev/null) in
  "begun $name") find . -xdev -mindepth 1 -delete || no "$directory could not be emptied of what an earlier attempt has left" ;;
  *) [ -z "$(ls -A .)" ] || no "$directory is not empty" ;;
esac
mark "begun $name" || no "$state cannot be written"
codes=$({ { opened; echo "open $?" >&3; } | { unpack; echo "unpack $?" >&3; } | { head -c "$limit"; [ "$(head -c 1 | wc -c)" -eq 0 ] || echo "beyond 0" >&3; } | { inside rw ${quote(untarText)}; echo "tar $?" >&3; }; } 3>&1)
! has beyond || no "$archive unpacks to more than the $limit bytes that its manifest allows for: the rest was left out, and $directory is not to be used"
has unpack || no "$archive could not be unpacked"
has open || no "$archive could not be read to its end"
has tar || no "tar could not extract all of $archive: is there room for it?"
sync -f . || no "what was restored could not be brought to its disk"
if [ -n "$entries" ]; then
  found=$(find . -xdev -mindepth 1 -printf x | wc -c)
  [ "$found" = "$entries" ] || no "$directory holds $found entries, and $entries were backed up"
  # Holes take no room, but are read all the same.
  found=$(du -sxB1 --apparent-size . | cut -f1)
  [ "$found" -le "$apparent" ] || no "the files in $directory are $found bytes long together, more than what was backed up"
fi
if [ "$#" -gt 0 ]; then
  inside ro ${quote(contentListText)} "$directory" >"$work/list" || no "$directory could not be read whole"
  for part do
    grep -q "^\${part%% *} " "$work/list" || { echo "\${part%% *} cannot be compared: the host has no tool for them"; continue; }
    grep -Fqx -e "$part" "$work/list" || no "what was restored is not what was backed up: \${part%% *} differ"
  done
fi
unused "$directory" && remember_left && mark "done $name" || exit 1
[ -z "$removes" ] || rm -f -- "$removes"
}
restore "$@" </dev/null
`;

/** Empties the volume again, if nobody uses it and nothing has been written to it since it was restored. */
export function unextract(volume: string, directory: string, spooled: string | undefined): readonly Action[] {
  const script = `# Empties $2, if it is as it was restored.
unrestore() {
${enterFunction}${unusedFunction}
${leftFunctions}
volume=$1 directory=$2 spooled=$3
${markFunction}
no() { printf '%s\\n' "$*" >&2; exit 1; }
rm -rf -- "$state/restoring"
[ -z "$spooled" ] || rm -f -- "$spooled" "\${spooled%/*}/.\${spooled##*/}.part"
[ -f "$state/restored/$volume" ] || exit 0
if [ -d "$directory" ]; then
  unused "$directory" && enter "$directory" '' || exit 1
  case $(cat -- "$state/restored/$volume") in
    done*) [ -f "$left/$volume" ] && [ "$(left_state .)" = "$(cat -- "$left/$volume")" ] || no "$volume is kept: something has written to it since it was restored" ;;
  esac
  find . -xdev -mindepth 1 -delete || exit 1
fi
rm -f -- "$left/$volume" "$state/restored/$volume"
}
unrestore "$@" </dev/null
`;
  return [{ kind: 'exec', argv: ['/bin/sh', '-s', '--', volume, directory, spooled ?? ''], stdin: script, timeoutMs: longestCopyMs }];
}
