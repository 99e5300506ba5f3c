import { shell } from '../../shell/shell.ts';

/** Keys of Config whose values may hold secrets. */
export const hiddenConfigKeys = ['Cmd', 'Entrypoint', 'Healthcheck'] as const;

const separated = (keys: string, entry: string): string => `{{$s := ""}}{{range $k, $v := ${keys}}}${entry}{{end}}`;
const notHidden = `{{if eq $k "Env" ${hiddenConfigKeys.map((key) => `"${key}"`).join(' ')}}}{{else}}{{$s}}{{json $k}}:{{json $v}}{{$s = ","}}{{end}}`;
const config = `{ ${separated('.Config', notHidden)}}`;
const hidden = (word: string): string =>
  hiddenConfigKeys.map((key) => `${word} ${key} {{json (index .Config "${key}")}}`).join('\n');

/**
 * A mount's options for a volume driver may hold a password. Type, Source … as they are.
 */
const mountOptions =
  '{ {{$u := ""}}{{range $k, $v := .}}{{$u}}{{json $k}}:{{if eq $k "DriverConfig"}}{{if $v}}true{{else}}false{{end}}{{else}}{{json $v}}{{end}}{{$u = ","}}{{end}} }';
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

/** `layer_writes ID` prints what was written to the layer of a container. */
export const layerWritesFunction = shell('facts/containers/layer-writes.sh');

const templates = { container_template: containerTemplate, image_template: imageTemplate };

/** `$1` is the container's id. Values are compared on the host: `inherited` is printed where the image has the same. */
export const specScript = shell('facts/containers/container-spec.sh', templates);
