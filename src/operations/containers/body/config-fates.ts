import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { asObject, canonicalJson } from '../../../values/json.ts';
import type { Fate } from './fate.ts';
import { drop, keep, set, without } from './fate.ts';
import { goJson, goString } from './go-template.ts';
import { apiAtLeast, isEmpty } from './networks.ts';
import type { Patch } from './patch.ts';

/** What becomes of a key of Config. */
export function configFate(key: string, spec: ContainerSpec, patch: Patch): Fate {
  const mode = spec.hostConfig['NetworkMode'];
  const otherImage = patch.image !== undefined;
  switch (key) {
    case 'Image':
      return patch.image === undefined ? keep : set(patch.image);
    case 'Hostname':
      return !hasHostnameOfItsOwn(spec) ? drop : keep;
    case 'ExposedPorts':
      return typeof mode === 'string' && mode.startsWith('container:') ? drop : exposedPortsFate(spec, patch);
    case 'NetworkDisabled':
      // Docker says so by itself where the daemon has no network of its own for one that names none.
      return hasNoNetworkToBeOn(spec) ? drop : keep;
    case 'MacAddress':
      return apiAtLeast(spec.api, 44) ? drop : keep;
    case 'Env':
      return envFate(spec, patch);
    case 'Labels':
      return labelsFate(spec, patch);
    case 'Volumes':
      return otherImage ? { kind: 'set', pieces: [goJson(without(spec.config[key], spec.imageConfig?.[key]))] } : keep;
    case 'Entrypoint': {
      const own = spec.hidden.find((hidden) => hidden.key === key);
      // Null, where the image has one: it was cleared, and only [""] says so.
      if (own?.set === false && !own.inherited) return { kind: 'set', pieces: ['[""]'], expect: 'null' };
      return otherImage && own?.inherited === true ? drop : keep;
    }
    case 'Cmd':
    case 'Healthcheck':
      return otherImage && spec.hidden.find((hidden) => hidden.key === key)?.inherited === true ? drop : keep;
    default:
      return otherImage &&
        spec.imageConfig !== null &&
        !isEmpty(spec.config[key]) &&
        canonicalJson(spec.config[key]) === canonicalJson(spec.imageConfig[key] ?? null)
        ? drop
        : keep;
  }
}

/** The daemon has none of its own ("bridge": "none"), and the container names none. Docker says that it is disabled at the start. */
export function hasNoNetworkToBeOn({ config, networks }: ContainerSpec): boolean {
  return config['NetworkDisabled'] === true && Object.keys(networks).length > 0;
}

/** Docker makes the short id the name of a host that was given none; the name of another's namespace is that one's. */
function hasHostnameOfItsOwn(spec: ContainerSpec): boolean {
  const { NetworkMode: mode, UTSMode: uts } = spec.hostConfig;
  return !(
    uts === 'host' ||
    (typeof mode === 'string' && mode.startsWith('container:')) ||
    spec.config['Hostname'] === spec.id.slice(0, 12)
  );
}

const entryName = '(index (split . "=") 0)';

/** The entries that stay are printed on the host; what is set comes first. With another image, so does what is only the image's go. */
function envFate(spec: ContainerSpec, { env = {}, image }: Patch): Fate {
  const names = Object.keys(env);
  const gone = [
    ...names,
    ...(image === undefined ? [] : spec.env.filter(({ inherited }) => inherited).map(({ name }) => name)),
  ];
  if (gone.length === 0) return keep;
  const sets = Object.entries(env).flatMap(([name, value]) => (value === null ? [] : [goJson(`${name}=${value}`)]));
  const rest = `{{$s := ${sets.length === 0 ? '""' : '","'}}}{{range index .Config "Env"}}{{if not (eq ${entryName} ${gone.map(goString).join(' ')})}}{{$s}}{{json .}}{{$s = ","}}{{end}}{{end}}`;
  return { kind: 'set', pieces: [`[${sets.join(',')}`, { template: rest }, ']'] };
}

function labelsFate(spec: ContainerSpec, { labels, image }: Patch): Fate {
  if (labels === undefined && image === undefined) return keep;
  const own =
    image === undefined
      ? asObject(spec.config['Labels'])
      : without(spec.config['Labels'], spec.imageConfig?.['Labels']);
  const gone = Object.entries(labels ?? {})
    .filter(([, value]) => value === null)
    .map(([name]) => name);
  const given = Object.fromEntries(
    Object.entries(labels ?? {}).filter((entry): entry is [string, string] => entry[1] !== null),
  );
  const value = Object.fromEntries(Object.entries({ ...own, ...given }).filter(([name]) => !gone.includes(name)));
  // The image's own come back by themselves.
  return image === undefined ? set(value) : { kind: 'set', pieces: [goJson(value)] };
}

/** What is published must be exposed too. With another image, its own ports come by themselves. */
function exposedPortsFate(spec: ContainerSpec, { image, ports = {} }: Patch): Fate {
  const now = asObject(spec.config['ExposedPorts']);
  const more = Object.fromEntries(
    Object.entries(ports).flatMap(([port, list]) => (list === null || port in now ? [] : [[port, {}]])),
  );
  if (image !== undefined)
    return {
      kind: 'set',
      pieces: [goJson({ ...without(spec.config['ExposedPorts'], spec.imageConfig?.['ExposedPorts']), ...more })],
    };
  return Object.keys(more).length === 0 ? keep : set({ ...now, ...more });
}
