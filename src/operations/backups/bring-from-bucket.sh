# Brings an archive from a bucket to its place on the host. Arguments: the file with the credentials, the archive's
# place, its digest, and its URL.

# Brings $2 from the bucket.
{
  credentials=$1 archive=$2 sum=$3 url=$4
  part=${archive%/*}/.${archive##*/}.part
  . ./ask-bucket.sh
  . ../../shell/walk.sh
  (walk_to "${archive%/*}" own make) && rm -f -- "$part" || no "nothing is brought into ${archive%/*}: it must be plimsoll's own"
  trap 'rm -f -- "$part"' EXIT
  umask 077
  ask "$nothing" -o "$part" -- "$url" || no "the archive could not be brought from the bucket"
  [ "$(sha256sum <"$part" | cut -d' ' -f1)" = "$sum" ] || no "what came from the bucket is not what its manifest says"
  chmod 600 "$part" && sync "$part" && mv -f -- "$part" "$archive" && sync "${archive%/*}"
} </dev/null
