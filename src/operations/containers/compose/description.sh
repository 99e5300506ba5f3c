# `description ID` prints what there is to be said of a container, sorted, each value as its SHA-256: what is kept of
# a container on the disk says whether another one is the same, and no secret. `digested` does that with lines of
# standard input. `differing WAS IS` prints the keys that differ, except those in `$unasked_of`; then what is wanted
# and is not there, and what is not wanted and is. With `$more` what is new beside that is right.
# shellcheck disable=SC2154 # of whoever sources it: description_template, docker_api, unasked_of, work

digested() {
  LC_ALL=C awk -F '\t' '
    $1 ~ /^Label "com\.docker\.compose\./ || $1 ~ /^Env "affinity:container/ { next }
    $1 ~ /^Env / && $2 !~ /=/ { next }
    $1 !~ /^(Env|Label|Volumes|ExposedPorts|Mount|PortBindings) / && ($2 == "" || $2 == "null" || $2 == "false" || $2 == "0" || $2 == "\"\"" || $2 == "[]" || $2 == "{}") { next }
    NF { print }' | while IFS= read -r described; do
    printf '%s\t%s\n' "${described%%	*}" "$(printf '%s' "${described#*	}" | sha256sum | cut -c 1-64)"
  done | sort -u
}
description() { DOCKER_API_VERSION=$docker_api docker inspect --type container --format "$description_template" -- "$1" | digested; }
without() { printf '%s\n' "$1" | LC_ALL=C awk -F '\t' 'FNR == NR { gone[$0] = 1; next } !($1 in gone)' - "$2"; }
differing() {
  without "$unasked_of" "$1" >"$work/was" && without "$unasked_of" "$2" >"$work/is" && [ -s "$work/is" ] || {
    echo 'the comparison itself'
    return 0
  }
  if [ -n "$more" ]; then comm -23 "$work/was" "$work/is"; else comm -3 "$work/was" "$work/is"; fi | tr -s '\t' '\n' | grep -v -E '^([0-9a-f]{64})?$' | sort -u
  [ -z "$wanted" ] || printf '%s\n' "$wanted" | digested | comm -23 - "$2" | cut -f 1
  [ -z "$unwanted" ] || printf '%s\n' "$unwanted" | LC_ALL=C awk -F '\t' 'FNR == NR { gone[$0] = 1; next } $1 in gone { print $1 }' - "$2"
}
