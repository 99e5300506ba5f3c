# The new ones are made and take the place of the old ones: from the start, or from where an attempt was cut.
# shellcheck disable=SC2154 # of whoever sources it: all, before, ended, file, from, gate_seconds, image, name, newname,
# old, oldname, patience, query, restart, state, step, stopped_failed, ticks, to, wanted, was, work
# shellcheck disable=SC2034 # for whoever sources it: finished
# shellcheck disable=SC1010 # done is a word here

undo_attempt() { restore_all; }
look='{{.State.Running}} {{.State.Restarting}} {{.State.OOMKilled}} {{.RestartCount}} {{.State.StartedAt}} {{with index .State "Health"}}{{.Status}}{{else}}none{{end}}'
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
    look_before && { read -r found && read -r pid; } <"$work/$old" || fail "$name, or whether there is a container $newname or $oldname, could not be read"
    # Of a daemon in another namespace it would mean another process.
    case $pid in 0 | *[!0-9]*) pid= ;; *) [ -e "/proc/$pid" ] || pid= ;; esac
    eval "pid_$c=\$pid"
    case $found in
      "/$name $image running") [ "$was" = running ] || fail "$name runs now" ;;
      "/$name $image exited" | "/$name $image created") [ "$was" != running ] || fail "$name does not run any more" ;;
      *) fail "$name is not as the plan has found it: $found" ;;
    esac
    [ ! -s "$work/taken" ] || fail "there is a container of that name already: $(cat "$work/taken")"
    # What it has written is looked through while the new one is made, and known before it is stopped.
    no_writes "$old" &
    eval "looking_$c=\$!"
  done
  for c in $all; do
    use "$c"
    remember creating
    body || fail "$name could not be described"
    answer=$(engine POST "/containers/create?name=$newname$query" "$work/body") || fail "the new $name could not be created"
    new=${answer#*'"Id":"'} new=${new%%'"'*}
    case ${#new}:$new in 64:*[!0-9a-f]*) new= ;; 64:*) ;; *) new= ;; esac
    [ -n "$new" ] || fail "the daemon did not say the id of the new $name"
    eval "made_$c=\$new"
    connect_"$c"
    faithful created
  done
  for c in $all; do
    eval "wait \"\$looking_$c\"" || exit 1
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
# How the new one is now, compared with how it was at the first look.
goes_on() {
  now=${1% *} health=${1##* }
  eval "health_$c=\$health before=\$looked_$c"
  [ -n "$before" ] || eval "looked_$c=\$now before=\$now"
  case $now in 'true false false '*) ;; *) fail "the new $name did not go on running: exit code $(of "$new" '{{.State.ExitCode}}, killed for want of memory: {{.State.OOMKilled}}')" ;; esac
  [ "$now" = "$before" ] || fail "the new $name has been restarted within $gate_seconds s"
}
# The time counts from the first look at all of them. The last look, after it, is the one that compares all of the new
# one with the old one: so there are two at least.
until=
while :; do
  for c in $all; do
    use "$c"
    if [ -n "$settled" ] || [ "$was" != running ]; then continue; fi
    goes_on "$(of "$new" "$look")"
  done
  clock
  : "${until:=$((ticks + gate_seconds * 100))}"
  [ "$ticks" -lt "$until" ] || break
  sleep 1
  clock
  [ "$ticks" -lt "$until" ] || break
done
if [ -n "$gate_healthy" ]; then
  for c in $all; do
    use "$c"
    if [ -n "$settled" ] || [ "$was" != running ]; then continue; fi
    until=$((ticks + patience * 100))
    eval "health=\$health_$c"
    while [ "$health" != none ]; do
      health=$(of "$new" '{{if .State.Running}}{{with index .State "Health"}}{{.Status}}{{else}}none{{end}}{{else}}it does not run{{end}}')
      case $health in none | healthy) break ;; starting) ;; *) fail "the new $name is not healthy: $health" ;; esac
      clock
      [ "$ticks" -lt "$until" ] || fail "the new $name has not become healthy within $patience s"
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
  written done && mv -f -- "$file" "$state/replaced/$old" && sync "$state/replaced" "$state/replacing" "$state" || fail "it could not be written down that $name is replaced"
done
for c in $all; do
  use "$c"
  printf '%s is %s now\n' "$name" "$new"
  eval "from=\$stopping_$c to=\$started_$c ended=\$stopped_$c"
  [ -z "$to" ] || printf 'downtime %s %s %s\n' "$name" "$(seconds "$((to - from))")" "$(seconds "$((ended - from))")"
done
exit 0
