import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { Fate } from './fate.ts';
import { goJson, goString, jsonOf } from './go-template.ts';
import { asText } from '../../../values/json.ts';
import { modesById, planMounts } from './mounts.ts';
import { aliasesOf, endpointsOf, isDockersOwn } from './networks.ts';
import type { Patch } from './patch.ts';
import { restartPolicyOf } from './restart-policy.ts';

export interface ComparedLine {
  readonly name: string;
  /** A template that prints one line. */
  readonly template: string;
}

/** Printed of the old container and of the new one. */
export interface SameLine extends ComparedLine {
  /** Of the new one, where that has it at another place. */
  readonly is: string;
}

export interface Expectation extends ComparedLine {
  readonly text: string;
}

/** What is taken over in part; what is kept as it is is compared with everything else (`inspected.ts`). */
export function sameLines(object: string, key: string, fate: Fate, patch: Patch): readonly SameLine[] {
  const name = `${object.slice(1)}.${key}`;
  // Another image brings variables of its own.
  if ((key === 'Env' && patch.image !== undefined) || fate.kind !== 'set') return [];
  return fate.pieces.flatMap((piece, index) =>
    typeof piece === 'string'
      ? []
      : [{ name: `${name} ${String(index)}`, template: piece.template, is: piece.is ?? piece.template }],
  );
}

export function expectation(object: string, key: string, fate: Fate): readonly Expectation[] {
  if (fate.kind !== 'set' || fate.expect === undefined) return [];
  return [{ name: `${object.slice(1)}.${key}`, template: jsonOf(object, key), text: fate.expect }];
}

/** What the new container must say although no key that is sent says it. */
export function furtherExpectations(spec: ContainerSpec, patch: Patch): readonly Expectation[] {
  return [...restartExpectations(spec, patch), ...networkExpectations(spec), ...mountExpectations(spec, patch)];
}

function restartExpectations(spec: ContainerSpec, patch: Patch): readonly Expectation[] {
  const template = '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}';
  return [{ name: 'HostConfig.RestartPolicy', template, text: restartPolicyOf(spec, patch).expected }];
}

/** The networks, and what somebody has set of each; the rest of them is compared with everything else. */
function networkExpectations(spec: ContainerSpec): readonly Expectation[] {
  const names = Object.keys(spec.networks);
  const all = {
    name: 'networks',
    template: '{{range $k, $v := .NetworkSettings.Networks}}{{json $k}} {{end}}',
    text: names
      .map((network) => goJson(network))
      .toSorted()
      .map((name) => `${name} `)
      .join(''),
  };
  const own =
    '{{range index . "Aliases"}}{{if eq . (truncate $.Id 12) $.Config.Hostname}}{{else}}{{json .}} {{end}}{{end}}';
  return [
    all,
    ...endpointsOf(spec).flatMap(({ network, config }): readonly Expectation[] => {
      const of = (key: string, template: string, text: string): Expectation => ({
        name: `network ${goString(network)}.${key}`,
        template: `{{with index .NetworkSettings.Networks ${goString(network)}}}${template}{{end}}`,
        text,
      });
      return [
        ...(isDockersOwn(network)
          ? []
          : [
              of(
                'Aliases',
                own,
                aliasesOf(spec, network)
                  .map((alias) => `${goJson(alias)} `)
                  .join(''),
              ),
            ]),
        ...(config['MacAddress'] === undefined
          ? []
          : [of('MacAddress', '{{json (index . "MacAddress")}}', goJson(config['MacAddress']))]),
      ];
    }),
  ];
}

/** What is asked of HostConfig.Mounts: what is kept of each entry is compared with the old one's. */
function mountExpectations(spec: ContainerSpec, patch: Patch): readonly Expectation[] {
  const { mounts, expected } = planMounts(spec, patch);
  const byId = spec.mounts
    .filter(
      (mount) =>
        mount['Type'] === 'volume' &&
        mount['Mode'] === '' &&
        expected.get(asText(mount['Destination']))?.source === mount['Name'],
    )
    .map((mount) => asText(mount['Destination']));
  const modes = byId.map((path): Expectation => ({
    name: `mount ${goString(path)}.Mode`,
    template: `{{range .Mounts}}{{if eq .Destination ${goString(path)}}}{{if eq .Mode "" ${modesById.map(goString).join(' ')}}}known{{else}}other{{end}}{{end}}{{end}}`,
    text: 'known',
  }));
  if (mounts === undefined) return modes;
  return [
    ...modes,
    {
      name: 'HostConfig.Mounts',
      template: '{{with index .HostConfig "Mounts"}}{{len .}}{{else}}0{{end}}',
      text: String(mounts.length),
    },
    ...mounts.flatMap((entry, index) =>
      'kept' in entry
        ? []
        : [
            {
              name: `HostConfig.Mounts ${asText(entry.set['Source'])}`,
              template: `{{json (index (index (index .HostConfig "Mounts") ${String(index)}) "Source")}}`,
              text: goJson(entry.set['Source'] ?? null),
            },
          ],
    ),
  ];
}
