import type { ContainerSpec, HostSpec } from '../../../lab/sim/spec.ts';
import { content } from '../invariants/volume-invariants.ts';

export const mib = 1024 ** 2;

export const app: ContainerSpec = {
  name: 'app',
  volumes: { 'foo-0': '/data' },
  restart: 'always',
  labels: { kept: 'yes' },
  config: { Env: ['TOKEN=secret', 'A=1'] },
};

/** With a volume that has a quota. */
export const volumeHost = (...containers: readonly ContainerSpec[]): HostSpec => ({
  name: 'volumes',
  kind: 'overlay2-pquota',
  volumes: [{ name: 'foo-0', bytes: 20 * mib, files: content }],
  containers,
});
