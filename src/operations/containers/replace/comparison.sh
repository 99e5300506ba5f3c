# `body` composes what is sent; `different` names the keys that differ, `created` or `started` being what is expected
# by now. Values are compared where they are and never printed.
# shellcheck disable=SC2154 # named by whoever renders or sources it: c, everything, fragments, may, mounts, name,
# names, new, nl, old, refuse_writes, same_is, same_names, template, texts, work

body() {
  body_"$c"
  printf '%s\n' "$fragments" | paste -d '\n' - "$work/kept_$c" >"$work/body"
}
# What follows a line `== PART` into the file of that name, in `$work`; what follows `== $1`, to the end.
parts() { awk -v at="$work/" -v last="${1:-}" '(part == "" || part != at last) && /^== [a-z_0-9]+$/ { part = at $2; printf "" >part; next } part != "" { print >part }'; }
# Docker writes what is not set in more than one way, and not always in the same. (No regular expression: awks differ in
# braces.)
differences() {
  awk 'function plain(value) { return (value == "" || value == "null" || value == "false" || value == "0" || value == "\"\"" || value == "[]" || value == "{}") ? "null" : value "" }
    FNR == 1 { part++ }
    part > 1 && FNR > n && $0 == "" { next }
    part == 1 { name[FNR] = $0; n = FNR }
    part == 2 { was[FNR] = plain($0 ""); seen2 = FNR }
    part == 3 { is[FNR] = plain($0 ""); seen3 = FNR }
    END { for (i = 1; i <= n; i++) if (!(i in was) || !(i in is) || was[i] != is[i]) print name[i]; if (n == 0 || seen2 != n || seen3 != n) print "docker inspect" }' "$@" || echo 'the comparison itself'
}
# The lines that only one of two files has, in whatever order they are.
unlike() { awk 'NF == 0 { next } FILENAME == ARGV[1] { times[$0]++; next } { times[$0]-- } END { for (line in times) if (times[line] != 0) { if (!n++) print "Mounts:"; print substr(line, 1, 200) } }' "$@" || echo 'the comparison itself'; }
put() { [ -z "$1" ] || printf '%s\n' "$1"; }
# The names of what differs in all that docker inspect shows and may not: $1 lists what may, by name or by how a name
# begins.
others() {
  awk -F '\t' 'function plain(value) { return (value == "" || value == "null" || value == "false" || value == "0" || value == "\"\"" || value == "[]" || value == "{}") ? "null" : value "" }
    FNR == 1 { part++ }
    $0 == "" { next }
    part == 1 { if ($1 ~ /\*$/) begin[substr($1, 1, length($1) - 1)] = 1; else may[$1] = 1; next }
    { value = plain(substr($0, length($1) + 2)); if (!($1 in seen)) { seen[$1] = 1; names[++n] = $1 } }
    part == 2 { was[$1] = value; next }
    { is[$1] = value }
    END {
      if (!("Id" in was) || !("Id" in is)) print "docker inspect"
      for (i = 1; i <= n; i++) {
        name = names[i]
        if (((name in was) ? was[name] : "null") == ((name in is) ? is[name] : "null") || (name in may)) continue
        ok = 0
        for (prefix in begin) if (index(name, prefix) == 1) ok = 1
        if (!ok) print name
      }
    }' "$@" || echo 'the comparison itself'
}
# Fails where one of the two could not be read, which then has been said on standard error. Both are read at once, each
# in its own way: the template asks which of them it describes. How the one that is `replaced` is, is seen with it.
different() {
  seen=
  case $1 in replaced) seen=$look ;; esac
  "$1_$c"
  {
    put "$same_names"
    put "$names"
  } >"$work/names"
  why=$(docker inspect --type container --format "{{if eq .Id \"$old\"}}== was
${same_template:+$same_template$nl}== all_was
{{else}}${seen:+== look$nl$seen$nl}== is
${same_is:+$same_is$nl}${template:+$template$nl}== mounts
{{range .Mounts}}{{json .Destination}} {{json .Type}} {{if eq .Type \"volume\" \"image\"}}{{json .Name}}{{else}}{{json .Source}}{{end}} {{.RW}}
{{end}}== all_is
{{end}}$everything" -- "$old" "$new" 2>&1 >"$work/both") || {
    printf '%s\n' "$why" >&2
    return 1
  }
  for part in look was is mounts all_was all_is; do : >"$work/$part"; done
  parts <"$work/both" || return 1
  put "$texts" >>"$work/was"
  differences "$work/names" "$work/was" "$work/is"
  put "$mounts" >"$work/was"
  unlike "$work/was" "$work/mounts"
  put "$may" >"$work/may"
  others "$work/may" "$work/all_was" "$work/all_is"
}
faithful() {
  different "$1" >"$work/found" || fail "the new $name could not be compared with the old one"
  case $1:$was in
    replaced:running)
      read -r seen <"$work/look" || seen=
      goes_on "$seen"
      ;;
  esac
  [ ! -s "$work/found" ] || fail "the new $name is not what was asked for: $(sort -u "$work/found" | tr '\n' ' ')"
}
# A container is connected to a network when it is made, whatever the old one has been disconnected from since.
only_connected_to() {
  of "$new" '{{range $k, $v := .NetworkSettings.Networks}}{{$k}}
{{end}}' >"$work/connected" || fail "the networks of the new $name could not be read"
  while read -r network; do
    [ -n "$network" ] || continue
    put "$1" | grep -Fqx -e "$network" || docker network disconnect -- "$network" "$new" || fail "the new $name could not be disconnected from $network"
  done <"$work/connected"
}
# What it is, as it was found, and where something is mounted, in `$work/ID`: what is mounted stays so.
at_all='{{.Name}} {{.Image}} {{.State.Status}}
{{.State.Pid}}
{{range .Mounts}}mounted {{.Destination}}
{{end}}{{range $k, $v := index .HostConfig "Tmpfs"}}mounted {{$k}}
{{end}}'
look_at() { of "$1" "$at_all" >"$work/$1"; }
# The same of the old one, with what the new one keeps of it, in `$work/kept_N`, and who has one of the two names that are
# to be free, in `$work/taken`: all that is to be known before the new one is made, in one call.
look_before() {
  body_"$c"
  : >"$work/taken"
  those_of "{{if eq .Id \"$old\"}}== kept_$c
${template:+$template$nl}== $old
$at_all{{else}}== taken
{{.Name}}{{end}}" -- "$newname" "$oldname" "$old" >"$work/before" && parts "$old" <"$work/before"
}
# What docker diff says is looked through once, and its sum kept: where it says the same later nothing has been written.
# Of what could not be read there is no sum that is the same.
no_writes() {
  [ -n "$refuse_writes" ] || return 0
  { docker diff "$1" || echo '! before'; } >"$work/$1.layer" && sha256sum <"$work/$1.layer" >"$work/$1.sum" || fail "what $name has written to its own layer could not be read"
  found=$({
    sed -n 's/^mounted //p' "$work/$1"
    echo
    cat "$work/$1.layer"
  } | judge_layer || echo 'write ? unknown')
  rm -f -- "$work/$1.layer"
  case "$nl$found" in *"${nl}write "*) fail "$name has written to its own layer, which the new one would not have" ;; esac
}
no_more_writes() {
  [ -n "$refuse_writes" ] || return 0
  read -r sum <"$work/$1.sum"
  [ "$({ docker diff "$1" || echo '! now'; } | sha256sum)" = "$sum" ] || no_writes "$1"
}
