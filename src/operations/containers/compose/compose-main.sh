# Compose makes the container anew: from the start, or from where it was cut.
# shellcheck disable=SC2154 # of compose-common.sh: at, new, state, work
# shellcheck disable=SC2154 # of the planner: gate_seconds, image, marker, name, old, override, override_content
# shellcheck disable=SC2154 # of the planner: override_seal, patience, readable, volumes
# shellcheck disable=SC2034 # for compose-common.sh: back, finished
# shellcheck disable=SC2174 # only the last directory is ours
# shellcheck disable=SC1010 # done is a word here

. ../../../shell/write-beside.sh
give_up() {
  rm -rf -- "$at"
  fail "$*"
}
if [ "$step" = back ]; then
  bring_back || exit 1
  fail "an attempt that had failed has been taken back: $name is as it was before"
fi
mkdir -p -m 700 -- "$state/composing" "$state/composed" "$at" || fail "nothing can be written down in $state"
if [ -z "$step" ]; then
  [ "$(only)" = "$old" ] && [ "$(of "$old" '{{.Name}} {{.State.Status}}')" = "/$name running" ] || give_up "$name is not as the plan has found it"
  is=$(before would) || give_up "$name is left as it is"
  [ "$is" = "Container $name Running" ] || give_up "the files of the project would make another container than $name by now: $(printf '%s\n' "$is" | unlike)"
  [ -z "$refuse_writes" ] || untouched "$old" || give_up "$name has written to its own layer, which the new one would not have"
  [ -z "$image" ] || docker image inspect -- "$image" >/dev/null 2>&1 || give_up "there is no image $image"
  for volume in $volumes; do docker volume inspect -- "$volume" >/dev/null 2>&1 || give_up "there is no volume $volume"; done
  if [ -e "$override" ] || [ -L "$override" ]; then is_ours "$override" "$marker" || give_up "$override is there, and not as plimsoll has written it"; fi
  (spec_of "$old") >"$at/spec" && before digest_of >"$at/hash" && description "$old" >"$at/was" && [ -s "$at/was" ] && sync "$at/spec" "$at/hash" "$at/was" || give_up "$name could not be described"
  remember making '' "$at"
  sync "$state/composing" "$state"
fi
back=1
# Who may read the project's files may read this one, and owns it. The directory may be anybody's.
like=$(before first_file)
override_text() { printf '%s\n' "$override_content"; }
{
  override_text
  printf '%s%s\n' "$override_seal" "$(override_text | sha256sum | cut -c 1-64)"
} |
  write_beside "$override" "$(printf '%04o' "$((0666 & 0$(stat -L -c %a -- "$like") & 0$readable))")" "$(stat -L -c %u:%g -- "$like")" || fail "$override could not be written"
after alone || fail "Compose does not take $override as it is meant"
after up && runs_as_named || fail "Compose could not make $name anew"
looks() { of "$new" '{{.State.Running}} {{.State.Restarting}} {{.State.OOMKilled}} {{.RestartCount}} {{.State.StartedAt}}'; }
first=$(looks)
until=$(($(date +%s) + gate_seconds))
while :; do
  now=$(looks)
  case $now in 'true false false '*) ;; *) fail "the new $name did not go on running: exit code $(of "$new" '{{.State.ExitCode}}, killed for want of memory: {{.State.OOMKilled}}')" ;; esac
  [ "$now" = "$first" ] || fail "the new $name has been restarted within $gate_seconds s"
  [ "$(date +%s)" -lt "$until" ] || break
  sleep 1
done
if [ -n "$gate_healthy" ]; then
  until=$(($(date +%s) + patience))
  while :; do
    health=$(of "$new" '{{.State.Running}} {{with index .State "Health"}}{{.Status}}{{else}}none{{end}}')
    case $health in 'true none' | 'true healthy') break ;; 'true starting') ;; *) fail "the new $name is not healthy: $health" ;; esac
    [ "$(date +%s)" -lt "$until" ] || fail "the new $name has not become healthy within $patience s"
    sleep 1
  done
fi
description "$new" >"$work/now"
found=$(differing "$at/was" "$work/now" | unlike)
[ -z "$found" ] || fail "the new $name is not what was asked for: $found"
finished=1
remember done "$new" "$at"
rm -rf -- "$state/composed/$old" && mv -T -- "$at" "$state/composed/$old" && sync "$state/composing" "$state/composed" || fail "it could not be written down that $name has been made anew"
printf '%s is %s now\n' "$name" "$new"
exit 0
