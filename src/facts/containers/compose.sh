# Docker Compose on a host, for containers that it has made. `find_compose LABEL` sets `tool` (its words) and `release`:
# of the plugin (`docker compose`) and `docker-compose` the one whose major version the label of the container says,
# since another one describes the same service in another way.
# `compose OPTION… VERB…` runs it for `project` in `directory`. It finds its input empty: what it asks, it answers
# itself, with no.
# `would OPTION…` prints what it would do about `service` from these files: nothing, when the container with the hash
# `made` is what it would make. It fails when Compose does.
# shellcheck disable=SC2154 # of whoever sources it: directory, made, name, project, service

find_compose() {
  tool='' release=
  for words in 'docker compose' docker-compose; do
    found=$(timeout 30 $words version --short 2>/dev/null </dev/null | head -n 1)
    found=${found#v}
    case $found in [0-9]*.[0-9]*) ;; *) continue ;; esac
    case $release in "${1%%.*}".*) ;; *) tool=$words release=$found ;; esac
  done
  [ -n "$tool" ]
}
compose() { (cd -- "$directory" && COMPOSE_PROGRESS=plain COMPOSE_ANSI=never COMPOSE_MENU=0 exec timeout -k 10 "${compose_seconds:-120}" $tool -p "$project" --project-directory "$directory" "$@") </dev/null; }
# Its warnings, and what it did before, are not what has gone wrong.
complaint() { printf '%s\n' "$1" | grep -v -E 'level=warning|^ *(DRY-RUN MODE - *)?(Container|Network|Volume) ' | tail -n 5 | cut -c 1-400; }
digest_of() {
  said=$(compose "$@" config --hash="$service" 2>&1) || {
    complaint "$said" >&2
    return 1
  }
  printf '%s\n' "$said" | awk -v service="$service" '$1 == service && NF == 2 { print $2; found = 1 } END { exit !found }' || {
    echo "Compose knows no service $service in these files" >&2
    return 1
  }
}
would() {
  case $release in
    1.*) is=$(digest_of "$@") || return 1 ;;
    *)
      said=$(compose "$@" --dry-run up -d --no-deps --no-build --pull never "$service" 2>&1)
      status=$?
      case $said in
        *'unknown flag: --dry-run'*) is=$(digest_of "$@") || return 1 ;;
        *)
          [ "$status" -eq 0 ] || {
            complaint "$said" >&2
            return 1
          }
          printf '%s\n' "$said" | awk '/DRY-RUN MODE/ { sub(/.*DRY-RUN MODE - */, ""); gsub(/[ \t]+/, " "); sub(/ $/, ""); print; n++ } END { exit !n }' || {
            echo 'it does not say what it would do' >&2
            return 1
          }
          return 0
          ;;
      esac
      ;;
  esac
  [ "$is" != "$made" ] || {
    echo "Container $name Running"
    return 0
  }
  echo "Container $name Recreate"
}
