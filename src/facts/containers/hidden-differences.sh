# Two containers compared in what does not leave the host: by key (`Cmd`, `Env NAME`, `LogConfig NAME`, …) whether both
# have the same. Arguments: the two ids.

both=$(docker inspect --type container --format '{{$w := "new"}}{{if eq .Id "'"$1"'"}}{{$w = "old"}}{{end}}{{range $k, $v := .Config}}{{if eq $k "Cmd" "Entrypoint" "Healthcheck"}}{{$w}} "{{$k}}" {{json $v}}
{{end}}{{end}}{{range $k, $v := index .HostConfig.LogConfig "Config"}}{{$w}} {{json (print "LogConfig " $k)}} {{json $v}}
{{end}}{{range index .Config "Env"}}{{$w}} {{json (print "Env " (index (split . "=") 0))}} {{json .}}
{{end}}{{range index .HostConfig "Mounts"}}{{with index . "VolumeOptions"}}{{with index . "DriverConfig"}}{{$w}} "DriverConfig" {{json .}}
{{end}}{{end}}{{end}}' -- "$1" "$2") || exit 1
printf '%s\n' "$both" | LC_ALL=C awk '
  NF == 0 { next }
  { rest = substr($0, 5); end = 2
    while (substr(rest, end, 1) != "\"") end += substr(rest, end, 1) == "\\" ? 2 : 1
    key = substr(rest, 1, end); value = substr(rest, end + 2)
    if (value == "[]" || value == "null") value = ""
    if (!(key in seen)) { seen[key] = 1; keys[++n] = key }
    if ($1 == "old") old[key] = old[key] value; else new[key] = new[key] value }
  END { for (i = 1; i <= n; i++) print (old[keys[i]] == new[keys[i]] ? "same" : "other"), keys[i] }'
