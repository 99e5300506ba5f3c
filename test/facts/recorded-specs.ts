import type { ContainerSpec } from '../../src/facts/containers/container-spec.ts';
import { containerSpec } from '../../src/facts/containers/container-spec.ts';
import cases from './cases/container-specs.json' with { type: 'json' };

export const recordedDockers = ['docker-20', 'docker-28'] as const;
export type RecordedDocker = (typeof recordedDockers)[number];

/** What the fact's script printed of a container of the corpus (test/lab/guest/corpus.sh) on a real daemon. */
export function recordedText(docker: RecordedDocker, name: string): string {
  const lines = new Map(Object.entries<readonly string[]>(cases[docker])).get(name);
  if (lines === undefined) throw new Error(`${name} has not been recorded on ${docker}`);
  return lines.join('\n');
}

export function recordedSpec(docker: RecordedDocker, name: string): ContainerSpec {
  const stdout = recordedText(docker, name);
  return containerSpec.parse({ status: 0, stdout, stderr: '' }, [/"id":"([0-9a-f]{64})"/.exec(stdout)?.[1] ?? '']);
}
