import { shell } from '../shell/shell.ts';

/** Keys of Config whose values may hold secrets. */
export const hiddenConfigKeys = ['Cmd', 'Entrypoint', 'Healthcheck'] as const;

const separated = (keys: string, entry: string): string => `{{$s := ""}}{{range $k, $v := ${keys}}}${entry}{{end}}`;
const notHidden = `{{if eq $k "Env" ${hiddenConfigKeys.map((key) => `"${key}"`).join(' ')}}}{{else}}{{$s}}{{json $k}}:{{json $v}}{{$s = ","}}{{end}}`;
const config = `{ ${separated('.Config', notHidden)}}`;
const hidden = (word: string): string => hiddenConfigKeys.map((key) => `${word} ${key} {{json (index .Config "${key}")}}`).join('\n');

/**
 * A mount's options for a volume driver may hold a password. Type, Source … as they are.
 */
const mountOptions = '{ {{$u := ""}}{{range $k, $v := .}}{{$u}}{{json $k}}:{{if eq $k "DriverConfig"}}{{if $v}}true{{else}}false{{end}}{{else}}{{json $v}}{{end}}{{$u = ","}}{{end}} }';
const mounts = `[{{range $i, $m := index .HostConfig "Mounts"}}{{if $i}},{{end}}{ {{$t := ""}}{{range $k, $v := $m}}{{$t}}{{json $k}}:{{if eq $k "VolumeOptions"}}{{with $v}}${mountOptions}{{else}}null{{end}}{{else}}{{json $v}}{{end}}{{$t = ","}}{{end}} }{{end}}]`;
const hostConfig = `{ ${separated('.HostConfig', `{{$s}}{{json $k}}:{{if eq $k "LogConfig"}}{"Type":{{json (index $v "Type")}}}{{else if eq $k "Mounts"}}{{if $v}}$MOUNTS{{else}}null{{end}}{{else}}{{json $v}}{{end}}{{$s = ","}}`)}}`;

// `.Id` first: the CLI's own type calls it ID, so that it falls back to the plain answer of the API, with all of its keys.
const containerTemplate = [
  'self {"id":{{json .Id}},"name":{{json .Name}},"image":{{json .Image}},"restartCount":{{json .RestartCount}},"driver":{{json .Driver}},"platform":{{with index . "ImageManifestDescriptor"}}{{json (index . "platform")}}{{else}}null{{end}},"state":{"Status":{{json .State.Status}},"Running":{{json .State.Running}},"Paused":{{json .State.Paused}},"Restarting":{{json .State.Restarting}},"Dead":{{json .State.Dead}},"StartedAt":{{json .State.StartedAt}},"Error":{{json .State.Error}}},"health":{{with index .State "Health"}}{{json .Status}}{{else}}null{{end}}}',
  `config ${config}`,
  hidden('own'),
  'health {{with index .Config "Healthcheck"}}{"Interval":{{json (index . "Interval")}},"Timeout":{{json (index . "Timeout")}},"StartPeriod":{{json (index . "StartPeriod")}},"Retries":{{json (index . "Retries")}}}{{else}}null{{end}}',
  `hostConfig ${hostConfig.replace('$MOUNTS', mounts.replace('index .HostConfig "Mounts"', '$v'))}`,
  'mounts {{json .Mounts}}',
  'networks {{json .NetworkSettings.Networks}}',
  'ports {{json .NetworkSettings.Ports}}',
  'at {{.Image}} {{.Config.Image}}',
  'path {{index . "HostnamePath"}}',
  '{{range .Mounts}}mounted {{.Destination}}\n{{end}}{{range $k, $v := index .HostConfig "Tmpfs"}}mounted {{$k}}\n{{end}}{{range $k, $v := index .HostConfig.LogConfig "Config"}}log {{json $k}}\n{{end}}{{range index .Config "Env"}}has {{json .}}\n{{end}}',
].join('\n');

const imageTemplate = [
  `image {{.Id}}\nimageConfig {{with .Config}}${config.replaceAll('.Config', '.')}{{else}}{}{{end}}`,
  `{{if .Config}}${hidden('its')}`,
  '{{range index .Config "Env"}}gives {{json .}}\n{{end}}{{end}}',
].join('\n');

/**
 * Prints what was written to the layer of container `$1`: `write KIND PATH`, at most 51; of what is not meant to last (the
 * temporary directories, histories of shells) `passing NUMBER`, and `passes PATH` of the first. Mount points come
 * as lines `mounted PATH` on standard input. A directory is named only when nothing in it is. (/sbin/docker-init is where
 * `--init` mounts its program; what is below /dev, /proc and /sys Docker puts there.)
 */
export const layerWritesFunction = shell('facts/layer-writes.sh');

/** Values go through pipes only, and are compared here: what is printed says `inherited` where the image has the same. */
const compare = `LC_ALL=C awk '
  { word = $1; rest = substr($0, length(word) + 2) }
  word == "at" { image = $2; next }
  word == "image" { same = $2 == image; print (same && !printed++ ? "image" : "imageNow"), $2; if (same && images++) print "imageNow", $2; next }
  word == "imageConfig" { if (same && !configs++) print; next }
  word == "gives" { if (same) given[rest] = 1; next }
  word == "its" { if (same) { key = $2; its[key] = substr(rest, length(key) + 2) } next }
  word == "own" { key = $2; own[key] = substr(rest, length(key) + 2); keys[++n] = key; next }
  word == "has" { has[++m] = rest; next }
  word == "mounted" || word == "path" { next }
  { print }
  END {
    for (i = 1; i <= n; i++) print "hidden", keys[i], (own[keys[i]] == "null" || own[keys[i]] == "[]") ? "unset" : "set", (keys[i] in its) && its[keys[i]] == own[keys[i]] ? "inherited" : "own"
    for (i = 1; i <= m; i++) {
      name = has[i]; equals = index(name, "=")
      # Without a value: Docker does not set it, whatever the image says.
      if (!equals) continue
      name = substr(name, 1, equals - 1) "\\""
      print "env", (has[i] in given) ? "inherited" : "own", name
    }
  }'`;

const quoted = (text: string): string => `'${text}'`;

/**
 * `docker inspect` shows what MAC address an endpoint has, not whether somebody has set it, and of a stopped container
 * neither; the daemon's own record does, by network, in the order of their names. Printed even where it is empty.
 */
const desiredMacs = shell('facts/desired-macs.sh');

/** `$1` is the container's id. At most API 1.51: later ones leave Config.MacAddress out. */
export const specScript = `command -v docker >/dev/null 2>&1 || { echo 'there is no docker command' >&2; exit 1; }
api=$(docker version --format '{{.Server.APIVersion}}') || exit 1
case $api in 1.[0-9]|1.[1-4][0-9]|1.5[01]) ;; *) api=1.51 ;; esac
export DOCKER_API_VERSION="$api"
${layerWritesFunction}
own=$(docker inspect --type container --format ${quoted(containerTemplate)} -- "$1") || exit 1
images=$(printf '%s\\n' "$own" | sed -n 's/^at //p')
id=\${images%% *} name=\${images#* }
echo "api $api"
# An image that is not there is no error; anything else is.
described=$({ why=$(docker image inspect --format ${quoted(imageTemplate)} -- "$id" "$name" 2>&1 >&3); } 3>&1 || case $why in (*'o such image'*|*'o such object'*) ;; (*) printf '%s\\n' "$why" >&2; exit 1 ;; esac) || exit 1
printf '%s\\n%s\\n' "$own" "$described" | ${compare}
${desiredMacs}
written=$(printf '%s\\n' "$own" | layer_writes "$1") || exit 1
[ -z "$written" ] || printf '%s\\n' "$written"
# What the layer has in all costs the reading of it, so it is asked for only where it is said.
case $written in *passing*) docker inspect --type container --size --format 'layerBytes {{.SizeRw}}' -- "$1" || exit 1 ;; esac
echo end`;
