import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import { configFate } from './config-fates.ts';
import type { Expectation, SameLine } from './expectations.ts';
import { expectation, furtherExpectations, sameLines } from './expectations.ts';
import type { Fate, Piece } from './fate.ts';
import { goJson, jsonOf } from './go-template.ts';
import { addedHostKeys, hostFate } from './host-config-fates.ts';
import type { Endpoint } from './networks.ts';
import { apiAtLeast, endpointsOf } from './networks.ts';
import type { Patch } from './patch.ts';

/**
 * The body of `POST /containers/create`, which only comes to be on the host: what stays as it is is printed by
 * `docker inspect --format TEMPLATE`, a line each, and fragments stand between these lines. No value of the
 * old container travels, or stands in a plan or a journal.
 */
export interface Creation {
  /** Prints `fragments.length - 1` lines. */
  readonly template: string;
  readonly fragments: readonly string[];
  /** Networks to be connected before the start, where the API takes but one when a container is created. */
  readonly connects: readonly Endpoint[];
  readonly platform: string | undefined;
  /** What must be equal in both containers, and what the new one must say; named for the operator. */
  readonly same: readonly SameLine[];
  readonly expected: readonly Expectation[];
}

export function composeCreation(spec: ContainerSpec, patch: Patch): Creation {
  const config = [
    ...new Set([...Object.keys(spec.config), 'ExposedPorts', 'Env']),
    ...spec.hidden.map(({ key }) => key),
  ].map((key): readonly [string, Fate] => [key, configFate(key, spec, patch)]);
  const hostConfig = [...new Set([...Object.keys(spec.hostConfig), ...addedHostKeys(patch)])].map(
    (key): readonly [string, Fate] => [key, hostFate(key, spec, patch)],
  );
  const endpoints = endpointsOf(spec);
  const all = apiAtLeast(spec.api, 44);
  const first = all ? endpoints : endpoints.slice(0, 1);
  const networking =
    first.every(({ config: own, network }) => Object.keys(own).length === 0 && network === 'bridge') &&
    endpoints.length <= 1
      ? []
      : first;
  const pieces = [
    '{',
    ...config.flatMap(([key, fate]) => member('.Config', key, fate)),
    '"HostConfig":{',
    ...withoutLastComma(hostConfig.flatMap(([key, fate]) => member('.HostConfig', key, fate))),
    '}',
    ...(networking.length === 0
      ? []
      : [
          `,"NetworkingConfig":{"EndpointsConfig":${goJson(Object.fromEntries(networking.map(({ network, config: own }) => [network, own])))}}`,
        ]),
    '}',
  ];
  return {
    ...interleave(pieces),
    connects: all ? [] : endpoints.slice(1),
    platform:
      patch.image === undefined && spec.platform !== null
        ? [spec.platform.os, spec.platform.architecture, spec.platform.variant ?? '']
            .filter((part) => part !== '')
            .join('/')
        : undefined,
    same: [
      ...config.flatMap(([key, fate]) => sameLines('.Config', key, fate, patch)),
      ...hostConfig.flatMap(([key, fate]) => sameLines('.HostConfig', key, fate, patch)),
    ],
    expected: [
      ...[
        ...config.map(([key, fate]) => expectation('.Config', key, fate)),
        ...hostConfig.map(([key, fate]) => expectation('.HostConfig', key, fate)),
      ].flat(),
      ...furtherExpectations(spec, patch),
    ],
  };
}

function member(object: string, key: string, fate: Fate): readonly Piece[] {
  switch (fate.kind) {
    case 'drop':
      return [];
    case 'keep':
      return [`${goJson(key)}:`, { template: jsonOf(object, key) }, ','];
    case 'set':
      return [`${goJson(key)}:`, ...fate.pieces, ','];
  }
}

function withoutLastComma(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.at(-1) === ',' ? pieces.slice(0, -1) : pieces;
}

/** Neighbouring literals are one fragment. A line feed is white space in JSON, so lines may stand between them. */
function interleave(pieces: readonly Piece[]): { readonly template: string; readonly fragments: readonly string[] } {
  const fragments = [''];
  const templates: string[] = [];
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      fragments.push(`${fragments.pop() ?? ''}${piece}`);
    } else {
      templates.push(piece.template);
      fragments.push('');
    }
  }
  return { template: templates.join('\n'), fragments };
}
