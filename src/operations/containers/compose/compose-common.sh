# What the scripts have in common that have Compose make a container anew. The planner gives `old` (the id of the
# container that there was), `name`, `project`, `service`, `directory`, `made` (its hash), `version`, `override` and
# its `marker`, `gate_seconds`, `gate_healthy`, `patience`, `refuse_writes`, `image`, and the functions `before` and
# `after`, which run a function with the options that name the files without and with the override; `is_ours` and
# `spec_of` are given, too. Nothing is done that was not written down before, on the disk: in `composing/OLD` while it
# is under way, in `composed/OLD` afterwards.
# shellcheck disable=SC2154 # of the planner: always, marker, old, override, version
# shellcheck disable=SC2174 # only the last directory is ours
# shellcheck disable=SC1010 # done is a word here

state=${PLIMSOLL_STATE:-/var/lib/plimsoll}
umask 077
export LC_ALL=C
trap : HUP INT TERM
. ../../../facts/containers/compose.sh
. ../../../facts/containers/layer-writes.sh
. ./description.sh
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}
. ../replace/inspect.sh
at=$state/composing/$old
step=$(sed -n 's/^step //p' "$at/about" 2>/dev/null)
remember() {
  printf 'name %s\nproject %s\nservice %s\nnew %s\nstep %s\n' "$name" "$project" "$service" "$2" "$1" >"$3/.about" && sync "$3/.about" && mv -f -- "$3/.about" "$3/about" && sync "$3" || fail "what is to be done with $name cannot be written down in $state"
  step=$1
}
# The container of the service: its id, if there is exactly one.
only() { docker ps -aq --no-trunc --filter "label=com.docker.compose.project=$project" --filter "label=com.docker.compose.service=$service" --filter label=com.docker.compose.oneoff=False | awk 'NF { id = $1; n++ } END { if (n != 1) exit 1; print id }'; }
untouched() {
  [ -z "$(of "$1" '{{range .Mounts}}mounted {{.Destination}}
{{end}}{{range $k, $v := index .HostConfig "Tmpfs"}}mounted {{$k}}
{{end}}' | { layer_writes "$1" || echo 'write ? unknown'; } | grep '^write ')" ]
}
up() {
  pull='--pull never'
  case $release in 1.*) pull= ;; esac
  said=$(compose_seconds=3600 compose "$@" up -d --no-deps --no-build $pull "$service" 2>&1) || {
    complaint "$said" >&2
    return 1
  }
}
# What must not happen to others: Compose removes a network that is described otherwise now, and stops who uses it.
alone() {
  said=$(would "$@") || return 1
  others=$(printf '%s\n' "$said" | grep -v -E "^Container ([0-9a-f]{12}_)?$name [A-Za-z]+\$")
  [ -z "$others" ] || {
    printf 'Compose would do more than that: %s\n' "$(printf '%s' "$others" | tr '\n' ';')" >&2
    return 1
  }
}
runs_as_named() {
  new=$(only) || {
    echo "Compose has not left exactly one container of $service" >&2
    return 1
  }
  [ "$(of "$new" '{{.Name}}')" = "/$name" ] || docker rename "$new" "$name" || return 1
  [ "$(of "$new" '{{.State.Running}}')" = true ] || {
    echo "$name does not run: exit code $(of "$new" '{{.State.ExitCode}}') $(of "$new" '{{.State.Error}}')" >&2
    return 1
  }
}
first_file() {
  while [ "$1" != -f ]; do shift; done
  printf %s "$2"
}
unlike() { tr '\n' ' ' | sed 's/ $//'; }
# Compose makes it as it was, from the files without ours; whatever it is now. 2: it has, and yet something differs.
bring_back() {
  remember back '' "$at"
  { before up && runs_as_named; } || {
    echo "$name could not be made as it was; plimsoll resume tries it again" >&2
    return 1
  }
  description "$new" >"$work/now"
  found=$(
    unasked_of=$always wanted='' unwanted='' more=
    differing "$at/was" "$work/now" | unlike
  )
  ! is_ours "$override" "$marker" || { rm -f -- "$override" && sync "$directory"; } || return 1
  rm -rf -- "$at" && sync "$state/composing" || return 1
  [ -z "$found" ] || {
    printf '%s has been made anew from the files of its project, and is not as it was: %s\n' "$name" "$found" >&2
    return 2
  }
}
finished='' work='' back=
at_exit() {
  status=$?
  trap '' HUP INT TERM
  if [ -z "$finished" ] && [ -n "$back" ]; then
    bring_back
    came=$?
    [ "$came" -ne 1 ] || {
      sleep 1
      bring_back
      came=$?
    }
    [ "$came" -ne 0 ] || printf '%s has been made by Compose as it was before\n' "$name" >&2
  fi
  [ -z "$work" ] || rm -rf -- "$work"
  exit "$status"
}
trap at_exit EXIT
[ "$step" != done ] || { rm -rf -- "$state/composed/$old" && mkdir -p -m 700 -- "$state/composed" && mv -T -- "$at" "$state/composed/$old" && step= || fail "it could not be written down that $name has been made anew"; }
work=$(mktemp -d /run/plimsoll.XXXXXX 2>/dev/null || mktemp -d "$state/.compose.XXXXXX") || fail "there is no room for a working directory"
find_compose "$version" || fail "there is no Docker Compose on this host any more"
docker_api=$(docker version --format '{{.Server.APIVersion}}') || fail "the daemon does not say which API it has"
case $docker_api in 1.[0-9] | 1.[1-4][0-9] | 1.5[01]) ;; *) docker_api=1.51 ;; esac
