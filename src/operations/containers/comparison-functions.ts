/**
 * `body` composes what is sent; `different` names the keys that differ, `created` or `started` being what
 * is expected by now. Values are compared where they are and never printed.
 */
export const comparisonFunctions = `body() {
  body_"$c"
  of "$old" "$template" >"$work/kept" && printf '%s\\n' "$fragments" | paste -d '\\n' - "$work/kept" >"$work/body"
}
# Docker writes what is not set in more than one way, and not always in the same. (No regular expression: awks differ in braces.)
differences() {
  awk 'function plain(value) { return (value == "" || value == "null" || value == "false" || value == "0" || value == "\\"\\"" || value == "[]" || value == "{}") ? "null" : value "" }
    FNR == 1 { part++ }
    part > 1 && FNR > n && $0 == "" { next }
    part == 1 { name[FNR] = $0; n = FNR }
    part == 2 { was[FNR] = plain($0 ""); seen2 = FNR }
    part == 3 { is[FNR] = plain($0 ""); seen3 = FNR }
    END { for (i = 1; i <= n; i++) if (!(i in was) || !(i in is) || was[i] != is[i]) print name[i]; if (n == 0 || seen2 != n || seen3 != n) print "docker inspect" }' "$@" || echo 'the comparison itself'
}
put() { [ -z "$1" ] || printf '%s\\n' "$1"; }
different() {
  "$1_$c"
  { put "$same_template"; put "$template"; printf %s '{{range .Mounts}}mounted {{json .Destination}} {{json .Type}} {{if eq .Type "volume"}}{{json .Name}}{{else}}{{json .Source}}{{end}} {{.RW}}
{{end}}'; } >"$work/template"
  { put "$same_names"; put "$names"; } >"$work/names"
  { of "$old" "$same_template" && put "$texts"; } >"$work/was" && of "$new" "$(cat "$work/template")" >"$work/all" || echo 'docker inspect'
  grep -v '^mounted ' "$work/all" >"$work/is"
  differences "$work/names" "$work/was" "$work/is"
  put "$mounts" | sort >"$work/was"
  sed -n 's/^mounted //p' "$work/all" | sort >"$work/is"
  cmp -s "$work/was" "$work/is" || { echo 'Mounts:'; comm -3 "$work/was" "$work/is" | cut -c 1-200; }
  [ -s "$work/all" ] || echo 'docker inspect'
}
faithful() {
  found=$(different "$1" | tr '\\n' ' ')
  [ -z "$found" ] || fail "the new $name is not what was asked for: $found"
}
no_writes() {
  [ -z "$refuse_writes" ] || [ -z "$(of "$1" '{{range .Mounts}}mounted {{.Destination}}
{{end}}{{range $k, $v := index .HostConfig "Tmpfs"}}mounted {{$k}}
{{end}}' | layer_writes "$1" || echo unknown)" ] || fail "$name has written to its own layer, which the new one would not have"
}`;
