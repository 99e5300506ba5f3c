# Functions for the Engine API on a host that need nothing but its docker command: no curl, no socket path. Whatever
# context the command uses, the request goes to the same daemon.
#
# `engine METHOD PATH [FILE]` sends FILE as JSON (PATH without the version: `/containers/create?name=x`), prints the
# answer's body, and ends with 0 for 2xx. Otherwise what was answered is on standard error, and the status is 22 (the
# daemon refused), or 1 (it gave no answer).
#
# HTTP/1.0, so that the answer is not chunked and the daemon ends the connection after it. Standard input of
# dial-stdio stays open until then: Go's server takes a half-closed connection for a client that has left, and gives
# up the request. The body may hold secrets, so it never is an argument; files lie in `$work`, below /run, which no power
# failure outlives.
#
# At most API 1.51: later ones leave out what a faithful copy needs (Config.MacAddress). `engine_api` is what the plan has
# spoken a moment ago; of an undo, which may be done much later, the daemon is asked.
# shellcheck disable=SC2154 # of whoever sources it: work

engine_version() {
  case ${DOCKER_API_VERSION:-} in '') ;; *) return 0 ;; esac
  [ -n "${engine_api:-}" ] || engine_api=$(docker version --format '{{.Server.APIVersion}}') || return 1
  case $engine_api in 1.[0-9] | 1.[1-4][0-9] | 1.5[01]) ;; 1.*) engine_api=1.51 ;; *) return 1 ;; esac
  export DOCKER_API_VERSION="$engine_api"
}
engine_directory() { mktemp -d /run/plimsoll.XXXXXX 2>/dev/null || mktemp -d "${PLIMSOLL_STATE:-/var/lib/plimsoll}/.engine.XXXXXX"; }
engine() {
  engine_version || {
    echo "the daemon does not say which API it has" >&2
    return 1
  }
  (
    trap '' PIPE
    body=${3:-/dev/null} length=0
    [ -z "${3:-}" ] || length=$(($(wc -c <"$3"))) || exit 1
    [ -p "$work/in" ] || mkfifo "$work/in" || exit 1
    timeout "${engine_seconds:-120}" docker system dial-stdio <"$work/in" >"$work/out" 2>"$work/err" &
    dialled=$!
    {
      printf '%s %s HTTP/1.0\r\nHost: docker\r\nContent-Type: application/json\r\nContent-Length: %s\r\n\r\n' "$1" "/v$DOCKER_API_VERSION$2" "$length" && cat -- "$body"
      wait "$dialled"
    } 2>/dev/null >"$work/in"
    cr=$(printf '\r')
    read -r protocol status _ <"$work/out"
    case $protocol:$status in
      HTTP/1.[01]:2[0-9][0-9]) sed "1,/^$cr\{0,1\}\$/d" "$work/out" ;;
      HTTP/1.[01]:[0-9][0-9][0-9])
        printf '%s %s: %s: %s\n' "$1" "${2%%\?*}" "$status" "$(sed "1,/^$cr\{0,1\}\$/d" "$work/out" | head -c 2000)" >&2
        exit 22
        ;;
      *)
        printf '%s %s: no answer from the daemon: %s\n' "$1" "${2%%\?*}" "$(head -c 500 "$work/err")" >&2
        exit 1
        ;;
    esac
  )
}
