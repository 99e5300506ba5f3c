/**
 * Prints all that `docker inspect` shows of a container, a line each: a name as the operator knows it, a tabulator, and the
 * value as JSON. What Docker makes of the container's own id or name is written as what it means, and what has
 * no order of its own is a line each. (`.Id` is no field of the CLI's own type: it falls back to the API's plain answer, with
 * all of its keys.)
 */
export const everything = [
  'Id\t{{json .Id}}',
  '{{range $k, $v := .}}{{if eq $k "Id" "Config" "HostConfig" "NetworkSettings" "Mounts" "GraphDriver"}}{{else}}{{$k}}\t{{json $v}}\n{{end}}{{end}}{{$id := truncate .Id 12}}',
  '{{range $k, $v := .Config}}Config.{{$k}}\t{{if eq $k "Hostname"}}{{if eq $v $id}}"the short id"{{else}}{{json $v}}{{end}}{{else}}{{json $v}}{{end}}\n{{end}}',
  '{{range $k, $v := .HostConfig}}{{if eq $k "Links"}}{{range $v}}{{$l := split . ":"}}HostConfig.Links {{index $l 0}}:{{index (split (index $l 1) "/") 2}}\t1\n{{end}}{{else}}HostConfig.{{$k}}\t{{json $v}}\n{{end}}{{end}}',
  '{{range .Mounts}}{{$at := json .Destination}}{{range $k, $v := .}}mount {{$at}}.{{$k}}\t{{json $v}}\n{{end}}{{end}}',
  '{{range $n, $all := .NetworkSettings.Networks}}network {{json $n}}\t1\n{{range $k, $v := $all}}network {{json $n}}.{{$k}}\t{{json $v}}\n{{end}}{{end}}',
  '{{range $k, $v := .NetworkSettings}}{{if eq $k "Networks"}}{{else}}NetworkSettings.{{$k}}\t{{json $v}}\n{{end}}{{end}}',
  '{{range $k, $v := .GraphDriver}}GraphDriver.{{$k}}\t{{json $v}}\n{{end}}',
].join('\n');
