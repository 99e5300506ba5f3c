# Brings an archive to a bucket, reads it back and compares its checksum, and only then brings the seal and the
# manifest, without which there is no backup. What it makes superfluous goes last.
# Arguments: the file with the credentials; the archive and the manifest; the URL of each; the seal and its URL; and
# then the URLs of what goes.

# Brings $2 and its manifest to the bucket.
{
  credentials=$1 archive=$2 manifest=$3 archive_url=$4 manifest_url=$5 seal=$6 seal_url=$7
  shift 7
  . ./ask-bucket.sh
  told=$(sed -n 's/.*"sha256":"\([0-9a-f]\{64\}\)","bytes":\([0-9]*\),.*/\1 \2/p' -- "$manifest") && sum=${told% *} bytes=${told#* }
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
  for url; do ask "$nothing" -o /dev/null -X DELETE -- "$url" || no "an older backup could not be removed"; done
} </dev/null
