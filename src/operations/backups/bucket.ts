import type { Manifest } from '../../facts/backup-shelf.ts';
import { archiveOf, nothingSent } from '../../facts/backup-shelf.ts';
import { walkFunction } from '../../shell/write-beside.ts';
import { privateFile } from '../../facts/private-file.ts';
import type { ExecAction } from '../change.ts';
import { longestCopyMs } from '../time-limits.ts';
import type { Kept } from './backup-input.ts';
import { directoryOf } from './backup-input.ts';
import { sealOf } from './vouching.ts';

/** The names of objects are safe in a URL but for the @, of which the signature needs the encoded form. */
function urlOf(kept: Kept, name: string): string {
  return `${directoryOf(kept)}/${encodeURIComponent(name)}`;
}

/** A store checks what it is sent against the digest that goes with it; curl before version 8 does not say one by itself. */
const functions = `no() { printf '%s\\n' "$*" >&2; exit 1; }
${privateFile}why=$(private_file "$credentials"); [ -z "$why" ] || no "$why"
ask() { sha=$1; shift; curl -sS -f --connect-timeout 30 --speed-limit 1000 --speed-time 120 -K "$credentials" -H "x-amz-content-sha256: $sha" "$@"; }
nothing=${nothingSent}`;

/**
 * Brings an archive to a bucket, reads it back and compares its checksum, and only then brings the seal and the
 * manifest, without which there is no backup. What it makes superfluous goes last. The credentials are
 * in a file that only curl reads.
 */
export function putInBucket(to: Kept, spool: string, start: Pick<Manifest, 'name' | 'compression' | 'encryptedTo'>, superseded: readonly string[]): ExecAction {
  const archive = archiveOf(start);
  const manifest = `${start.name}.json`;
  const script = `# Brings $2 and its manifest to the bucket.
{
credentials=$1 archive=$2 manifest=$3 archive_url=$4 manifest_url=$5 seal=$6 seal_url=$7; shift 7
${functions}
told=$(sed -n 's/.*"sha256":"\\([0-9a-f]\\{64\\}\\)","bytes":\\([0-9]*\\),.*/\\1 \\2/p' -- "$manifest") && sum=\${told% *} bytes=\${told#* }
[ "$bytes" -le 5368709120 ] || no "the archive has $bytes bytes, and S3 takes at most 5 GiB at once: keep it in a directory"
ask "$sum" -o /dev/null -T "$archive" -- "$archive_url" || no "the archive could not be brought to the bucket"
is=$(ask "$nothing" -- "$archive_url" | sha256sum | cut -d' ' -f1)
[ "$is" = "$sum" ] || no "what comes back from the bucket is not what was brought there"
bring() {
  own=$(sha256sum <"$2" | cut -d' ' -f1)
  ask "$own" -o /dev/null -T "$2" -- "$3" || no "the $1 could not be brought to the bucket"
  [ "$(ask "$nothing" -- "$3" | sha256sum | cut -d' ' -f1)" = "$own" ] || no "the $1 does not come back as it was brought there"
}
bring seal "$seal" "$seal_url"
bring manifest "$manifest" "$manifest_url"
for url do ask "$nothing" -o /dev/null -X DELETE -- "$url" || no "an older backup could not be removed"; done
} </dev/null
`;
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', to.credentials ?? '', `${spool}/${archive}`, `${spool}/${manifest}`, urlOf(to, archive), urlOf(to, manifest), sealOf(spool, start.name), urlOf(to, `${start.name}.seal`), ...superseded.map((name) => urlOf(to, name))], stdin: script, timeoutMs: longestCopyMs };
}

/** Brings an archive from a bucket to its place on the host. */
export function getFromBucket(from: Kept, manifest: Manifest, path: string): ExecAction {
  const script = `# Brings $2 from the bucket.
{
credentials=$1 archive=$2 sum=$3 url=$4
part=\${archive%/*}/.\${archive##*/}.part
${functions}
${walkFunction}
(walk_to "\${archive%/*}" own make) && rm -f -- "$part" || no "nothing is brought into \${archive%/*}: it must be plimsoll's own"
trap 'rm -f -- "$part"' EXIT
umask 077
ask "$nothing" -o "$part" -- "$url" || no "the archive could not be brought from the bucket"
[ "$(sha256sum <"$part" | cut -d' ' -f1)" = "$sum" ] || no "what came from the bucket is not what its manifest says"
chmod 600 "$part" && sync "$part" && mv -f -- "$part" "$archive" && sync "\${archive%/*}"
} </dev/null
`;
  return { kind: 'exec', argv: ['/bin/sh', '-s', '--', from.credentials ?? '', path, manifest.sha256, urlOf(from, archiveOf(manifest))], stdin: script, timeoutMs: longestCopyMs };
}
