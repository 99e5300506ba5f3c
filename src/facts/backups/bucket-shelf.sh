# The backups in a bucket, asked by the host's own curl. Arguments: the bucket's URL; the file on the host that curl
# reads its credentials from; what the objects' keys begin with, as it stands in a query.
# shellcheck disable=SC2154 # named by whoever renders it: longest_manifest, longest_seal

. ../host/private-file.sh
. ./nothing-sent.sh
bucket=$1 credentials=$2 prefix=$3
command -v curl >/dev/null 2>&1 || {
  echo "there is no curl on the host" >&2
  exit 1
}
why=$(private_file "$credentials")
[ -z "$why" ] || {
  echo "$why" >&2
  exit 1
}
get() { curl -sS -f --connect-timeout 20 --max-time 120 -K "$credentials" -H "x-amz-content-sha256: $nothing" -- "$1"; }
listed=$(get "$bucket/?list-type=2&prefix=$prefix") || exit 1
case $listed in
  *'<IsTruncated>true'*)
    echo "it has more than 1000 objects that begin so" >&2
    exit 1
    ;;
  *'<ListBucketResult'*) ;;
  *)
    echo "it does not list its objects as S3 does: $listed" >&2
    exit 1
    ;;
esac
objects=$(printf '%s\n' "$listed" | tr -d '\n' | sed 's/<Contents>/\n<Contents>/g' | sed -n 's/^<Contents>.*<Key>\([A-Za-z0-9_.@/-]*\)<\/Key>.*<Size>\([0-9]*\)<\/Size>.*/\1 \2/p')
echo 'free 9007199254740991'
for key in $(printf '%s\n' "$objects" | sed -n 's/\.json [0-9]*$//p'); do
  sizes=$(printf '%s\n' "$objects" | awk -v key="$key" '$1 == key ".tar.zst" || $1 == key ".tar.gz" { bytes = $2 } $1 == key ".tar.zst.age" || $1 == key ".tar.gz.age" { sealed = $2 } END { print (bytes ? bytes : 0), (sealed ? sealed : 0) }')
  text=$(get "$bucket/$(printf %s "$key" | sed 's/@/%40/g').json" | head -c $longest_manifest | tr '\n' ' ')
  seal=
  case "
$objects" in *"
$key.seal "*) seal=$(get "$bucket/$(printf %s "$key" | sed 's/@/%40/g').seal" | head -c $longest_seal | tr '\n' ' ') ;; esac
  printf '%s %s\n%s\n%s\n' "$sizes" "${key##*/}" "$text" "$seal"
done
echo end
