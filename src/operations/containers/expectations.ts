import type { ContainerSpec } from '../../facts/container-spec.ts';
import type { Fate } from './fate.ts';
import { goJson, goString, jsonOf } from './go-template.ts';
import { endpointsOf, hasOwnNetworks, linksOf } from './networks.ts';
import type { Patch } from './patch.ts';
import { restartPolicyOf } from './restart-policy.ts';

export interface Line {
  readonly name: string;
  /** A template that prints one line. */
  readonly template: string;
}

export interface Expectation extends Line {
  readonly text: string;
  /** Only once it has replaced the old one, or only before; always when absent. */
  readonly when?: 'created' | 'replaced';
}

export function sameLines(object: string, key: string, fate: Fate, patch: Patch): readonly Line[] {
  const name = `${object.slice(1)}.${key}`;
  // Another image brings variables of its own.
  if (key === 'Env' && patch.image !== undefined) return [];
  if (fate.kind === 'set') return fate.pieces.flatMap((piece, index) => (typeof piece === 'string' ? [] : [{ name: `${name} ${String(index)}`, template: piece.template }]));
  return fate.kind === 'keep' ? [{ name, template: jsonOf(object, key) }] : [];
}

export function expectation(object: string, key: string, fate: Fate): readonly Expectation[] {
  if (fate.kind !== 'set' || fate.expect === undefined) return [];
  return [{ name: `${object.slice(1)}.${key}`, template: jsonOf(object, key), text: fate.expect }];
}

/** What the new container must say although no key that is sent says it. */
export function furtherExpectations(spec: ContainerSpec, patch: Patch): readonly Expectation[] {
  return [...ownHostname(spec), ...restartExpectations(spec, patch), ...networkExpectations(spec), ...linkExpectations(spec)];
}

function ownHostname(spec: ContainerSpec): readonly Expectation[] {
  return spec.config['Hostname'] === spec.id.slice(0, 12) && hasOwnNetworks(spec.hostConfig['NetworkMode']) && spec.hostConfig['UTSMode'] !== 'host'
    ? [{ name: 'Config.Hostname', template: '{{if eq .Config.Hostname (truncate .Id 12)}}own{{else}}other{{end}}', text: 'own' }]
    : [];
}

function restartExpectations(spec: ContainerSpec, patch: Patch): readonly Expectation[] {
  const template = '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}';
  return [{ name: 'HostConfig.RestartPolicy', template, text: restartPolicyOf(spec, patch).expected, when: 'replaced' }];
}

function linkExpectations(spec: ContainerSpec): readonly Expectation[] {
  const links = linksOf(spec);
  if (links.length === 0) return [];
  const each = '{{$l := split . ":"}}{{$name := index (split (index $l 1) "/") 2}}';
  return [
    { name: 'HostConfig.Links', template: '{{len .HostConfig.Links}}', text: String(links.length) },
    ...links.map((link) => ({ name: `HostConfig.Links ${link}`, template: `{{range .HostConfig.Links}}${each}{{if eq (print (index $l 0) ":" $name) ${goString(`/${link}`)}}}there{{end}}{{end}}`, text: 'there' })),
  ];
}

/** The networks, and what the user has set of each: addresses, links, options. */
function networkExpectations(spec: ContainerSpec): readonly Expectation[] {
  const endpoints = endpointsOf(spec);
  if (endpoints.length === 0) return [];
  const names = { name: 'networks', template: '{{range $k, $v := .NetworkSettings.Networks}}{{json $k}} {{end}}', text: endpoints.map(({ network }) => goJson(network)).toSorted().map((name) => `${name} `).join('') };
  return [
    names,
    ...endpoints.flatMap(({ network, config }) =>
      ['IPAMConfig', 'Links', 'DriverOpts', ...(config['MacAddress'] === undefined ? [] : ['MacAddress'])].map((key) => ({
        name: `networks.${network}.${key}`,
        template: `{{with index (index .NetworkSettings.Networks ${goString(network)}) "${key}"}}{{json .}}{{else}}null{{end}}`,
        text: goJson(config[key] ?? null),
      })),
    ),
  ];
}
