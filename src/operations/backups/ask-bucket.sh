# `ask DIGEST …` has curl ask a bucket, with the credentials in a file that only curl reads. A store checks what it is
# sent against the digest that goes with it; curl before version 8 does not say one by itself. `$nothing` is that of an
# empty request.
# shellcheck disable=SC2154 # of whoever sources it: credentials

. ../../shell/no.sh
. ../../facts/host/private-file.sh
why=$(private_file "$credentials")
[ -z "$why" ] || no "$why"
ask() {
  sha=$1
  shift
  curl -sS -f --connect-timeout 30 --speed-limit 1000 --speed-time 120 -K "$credentials" -H "x-amz-content-sha256: $sha" "$@"
}
. ../../facts/backups/nothing-sent.sh
