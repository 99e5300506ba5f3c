# The new ones are made and take the place of the old ones: from the start, or from where an attempt was cut.
# shellcheck disable=SC2154 # of whoever sources it: all, before, file, gate_seconds, image, name, newname, old,
# oldname, patience, query, restart, state, step, stopped_failed, wanted, was, work
# shellcheck disable=SC2034 # for whoever sources it: finished
# shellcheck disable=SC1010 # done is a word here

undo_attempt() { restore_all; }
connect_to() {
  printf '{"Container":"%s","EndpointConfig":%s}' "$new" "$3" >"$work/connect" && engine POST "$2" "$work/connect" >/dev/null || fail "the new $name could not be connected to $1"
}
forward=
for c in $all; do
  use "$c"
  find_new || fail "whether there is a new $name could not be read"
  case $step in starting | done) ! started || forward=1 ;; esac
done
if [ -z "$forward" ]; then
  for c in $all; do
    use "$c"
    restore || fail "what an attempt that was cut has left of $name could not be taken back"
  done
  for c in $all; do
    use "$c"
    case $(of "$old" '{{.Name}} {{.Image}} {{.State.Status}}') in
      "/$name $image running") [ "$was" = running ] || fail "$name runs now" ;;
      "/$name $image exited" | "/$name $image created") [ "$was" != running ] || fail "$name does not run any more" ;;
      *) fail "$name is not as the plan has found it: $(of "$old" '{{.Name}} {{.State.Status}}')" ;;
    esac
    for taken in "$newname" "$oldname"; do
      of "$taken" '{{.Id}}' >/dev/null
      case $? in 0) fail "there is a container of that name already: $taken" ;; 1) ;; *) fail "whether there is a container $taken could not be read" ;; esac
    done
    no_writes "$old"
  done
  for c in $all; do
    use "$c"
    remember creating
    body || fail "$name could not be described"
    answer=$(engine POST "/containers/create?name=$newname$query" "$work/body") || fail "the new $name could not be created"
    new=$(printf '%s' "$answer" | sed -n 's/.*"Id":"\([0-9a-f]\{64\}\)".*/\1/p')
    [ -n "$new" ] || fail "the daemon did not say the id of the new $name"
    remember creating
    connect_"$c"
    faithful created
  done
  for c in $all; do
    use "$c"
    remember stopping
    [ "$restart" = no ] || policy "$old" no || fail "the restart policy of $name could not be changed"
  done
  for c in $all; do
    use "$c"
    [ "$was" != running ] || docker stop "$old" >/dev/null || fail "$name could not be stopped"
    stopped "$old" || fail "$name did not stop"
    no_writes "$old"
  done
  (while_stopped) || fail "$stopped_failed"
  for c in $all; do
    use "$c"
    remember swapping
    docker rename "$old" "$oldname" && docker rename "$new" "$name" || fail "$name and $newname could not exchange their names"
  done
fi
for c in $all; do
  use "$c"
  [ -z "$settled" ] || continue
  remember starting
  [ "$wanted" = no ] || policy "$new" "$wanted" || fail "the restart policy of the new $name could not be set"
  [ "$was" != running ] || running "$new" || docker start "$new" >/dev/null || fail "the new $name does not start: $(of "$new" '{{.State.Error}}')"
done
looks() { of "$new" '{{.State.Running}} {{.State.Restarting}} {{.State.OOMKilled}} {{.RestartCount}} {{.State.StartedAt}}'; }
for c in $all; do
  use "$c"
  eval "looked_$c=\$(looks)"
done
until=$(($(date +%s) + gate_seconds))
while :; do
  for c in $all; do
    use "$c"
    if [ -n "$settled" ] || [ "$was" != running ]; then continue; fi
    now=$(looks)
    eval "before=\$looked_$c"
    case $now in 'true false false '*) ;; *) fail "the new $name did not go on running: exit code $(of "$new" '{{.State.ExitCode}}, killed for want of memory: {{.State.OOMKilled}}')" ;; esac
    [ "$now" = "$before" ] || fail "the new $name has been restarted within $gate_seconds s"
  done
  [ "$(date +%s)" -lt "$until" ] || break
  sleep 1
done
if [ -n "$gate_healthy" ]; then
  for c in $all; do
    use "$c"
    if [ -n "$settled" ] || [ "$was" != running ]; then continue; fi
    until=$(($(date +%s) + $patience))
    while :; do
      health=$(of "$new" '{{.State.Running}} {{with index .State "Health"}}{{.Status}}{{else}}none{{end}}')
      case $health in 'true none' | 'true healthy') break ;; 'true starting') ;; *) fail "the new $name is not healthy: $health" ;; esac
      [ "$(date +%s)" -lt "$until" ] || fail "the new $name has not become healthy within $patience s"
      sleep 1
    done
  done
fi
for c in $all; do
  use "$c"
  [ -z "$settled" ] || continue
  faithful replaced
done
finished=1
for c in $all; do
  use "$c"
  [ -z "$settled" ] || continue
  remember done
  mv -f -- "$file" "$state/replaced/$old" && sync "$state/replaced" "$state/replacing" || fail "it could not be written down that $name is replaced"
done
for c in $all; do
  use "$c"
  printf '%s is %s now\n' "$name" "$(sed -n 's/^new //p' "$state/replaced/$old")"
done
exit 0
