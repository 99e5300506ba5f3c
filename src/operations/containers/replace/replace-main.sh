# The new ones are made and take the place of the old ones: from the start, or from where an attempt was cut.
# shellcheck disable=SC2154 # of whoever sources it: all, before, ended, file, from, gate_seconds, image, name, newname,
# old, oldname, patience, query, restart, state, step, stopped_failed, ticks, to, wanted, was, work
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
  # `swapping` and `starting` were written down on the way, once.
  case $step in stopping | swapping | starting | done) ! started || forward=1 ;; esac
done
if [ -z "$forward" ]; then
  for c in $all; do
    use "$c"
    restore || fail "what an attempt that was cut has left of $name could not be taken back"
  done
  for c in $all; do
    use "$c"
    look_at "$old" && { read -r found && read -r pid; } <"$work/$old" || fail "$name could not be read"
    # Of a daemon in another namespace it would mean another process.
    case $pid in 0 | *[!0-9]*) pid= ;; *) [ -e "/proc/$pid" ] || pid= ;; esac
    eval "pid_$c=\$pid"
    case $found in
      "/$name $image running") [ "$was" = running ] || fail "$name runs now" ;;
      "/$name $image exited" | "/$name $image created") [ "$was" != running ] || fail "$name does not run any more" ;;
      *) fail "$name is not as the plan has found it: $found" ;;
    esac
    taken=$(neither "$newname" "$oldname") || fail "whether there is a container $newname or $oldname could not be read"
    [ -z "$taken" ] || fail "there is a container of that name already: $taken"
    no_writes "$old"
  done
  for c in $all; do
    use "$c"
    remember creating
    body || fail "$name could not be described"
    answer=$(engine POST "/containers/create?name=$newname$query" "$work/body") || fail "the new $name could not be created"
    new=$(printf '%s' "$answer" | sed -n 's/.*"Id":"\([0-9a-f]\{64\}\)".*/\1/p')
    [ -n "$new" ] || fail "the daemon did not say the id of the new $name"
    eval "made_$c=\$new"
    connect_"$c"
    faithful created
  done
  for c in $all; do
    use "$c"
    remember stopping
  done
  for c in $all; do
    use "$c"
    [ "$restart" = no ] || policy "$old" no || fail "the restart policy of $name could not be changed"
  done
  for c in $all; do
    use "$c"
    clock
    eval "stopping_$c=\$ticks"
    [ "$was" != running ] || docker stop "$old" >/dev/null || fail "$name could not be stopped"
    clock
    eval "stopped_$c=\$ticks"
    eval "pid=\$pid_$c"
    ended "$old" "$pid" || fail "$name did not stop"
    no_more_writes "$old"
  done
  (while_stopped) || fail "$stopped_failed"
  for c in $all; do
    use "$c"
    docker rename "$old" "$oldname" && docker rename "$new" "$name" || fail "$name and $newname could not exchange their names"
  done
  for c in $all; do
    use "$c"
    [ "$was" = running ] || continue
    docker start "$new" >/dev/null || fail "the new $name does not start: $(of "$new" '{{.State.Error}}')"
    clock
    eval "started_$c=\$ticks"
  done
else
  for c in $all; do
    use "$c"
    [ -z "$settled" ] || continue
    [ "$wanted" = no ] || policy "$new" "$wanted" || fail "the restart policy of the new $name could not be set"
    [ "$was" != running ] || running "$new" || docker start "$new" >/dev/null || fail "the new $name does not start: $(of "$new" '{{.State.Error}}')"
  done
fi
looks() { of "$new" '{{.State.Running}} {{.State.Restarting}} {{.State.OOMKilled}} {{.RestartCount}} {{.State.StartedAt}} {{with index .State "Health"}}{{.Status}}{{else}}none{{end}}'; }
# The time counts from the first look at all of them, with which the others are compared: so there are two at least.
until=
while :; do
  for c in $all; do
    use "$c"
    if [ -n "$settled" ] || [ "$was" != running ]; then continue; fi
    now=$(looks)
    eval "health_$c=\${now##* }"
    now=${now% *}
    eval "before=\${looked_$c:=\$now}"
    case $now in 'true false false '*) ;; *) fail "the new $name did not go on running: exit code $(of "$new" '{{.State.ExitCode}}, killed for want of memory: {{.State.OOMKilled}}')" ;; esac
    [ "$now" = "$before" ] || fail "the new $name has been restarted within $gate_seconds s"
  done
  clock
  : "${until:=$((ticks + gate_seconds * 100))}"
  [ "$ticks" -lt "$until" ] || break
  sleep 1
done
if [ -n "$gate_healthy" ]; then
  for c in $all; do
    use "$c"
    if [ -n "$settled" ] || [ "$was" != running ]; then continue; fi
    until=$((ticks + patience * 100))
    eval "health=\$health_$c"
    while :; do
      case $health in none | healthy) break ;; starting) ;; *) fail "the new $name is not healthy: $health" ;; esac
      clock
      [ "$ticks" -lt "$until" ] || fail "the new $name has not become healthy within $patience s"
      sleep 1
      health=$(of "$new" '{{if .State.Running}}{{with index .State "Health"}}{{.Status}}{{else}}none{{end}}{{else}}it does not run{{end}}')
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
  eval "from=\${stopping_$c-} to=\${started_$c-} ended=\${stopped_$c-}"
  [ -z "$to" ] || printf 'downtime %s %s %s\n' "$name" "$(seconds "$((to - from))")" "$(seconds "$((ended - from))")"
done
exit 0
