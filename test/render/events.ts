import type { HostStatus } from '../../src/errors.ts';
import type { RunEvent, StampedEvent } from '../../src/run/report/event.ts';

export function stamped(events: readonly RunEvent[]): readonly StampedEvent[] {
  return events.map((event, index) => ({ v: 1, seq: index + 1, at: '2026-11-20T12:00:00.000Z', ...event }));
}

export const hostNames = (number: number): readonly string[] =>
  Array.from({ length: number }, (_, index) => `web-${String(index + 1).padStart(3, '0')}`);

/** How the host with this index ends in a synthetic run: every tenth fails, every fifteenth is refused. */
export function endingOf(index: number): HostStatus {
  if (index % 10 === 3) return 'failed';
  return index % 15 === 7 ? 'refused' : 'changed';
}

/** Twenty events for each host, interleaved as if all hosts worked at once. `print` is what hosts print. */
export function syntheticRun(
  hosts: readonly string[],
  print: (host: string, round: number) => string,
): readonly StampedEvent[] {
  const step = 'Grow the root file system';
  const summary = 'app-1: 10 GiB → 20 GiB';
  const round = (host: string, index: number, number: number): RunEvent => {
    if (number === 0) return { type: 'host.connected', host, hostKey: 'SHA256:abc', runsAs: 'root' };
    if (number === 1) return { type: 'facts.read', host, step, facts: ['docker.info'] };
    if (number === 2)
      return { type: 'step.planned', host, step, operation: 'grow_rootfs', outcome: 'change', changes: [] };
    if (number === 3) return { type: 'change.started', host, step, summary };
    if (number < 18) return { type: 'action.output', host, step, stream: 'stdout', text: print(host, number) };
    if (number === 18) return { type: 'change.applied', host, step, summary, seconds: 5 };
    const status = endingOf(index);
    return status === 'changed'
      ? { type: 'host.finished', host, status }
      : {
          type: 'host.finished',
          host,
          status,
          step,
          error: { code: 'action-failed', message: `dmsetup on ${host} failed`, hint: 'look' },
        };
  };
  // Hosts are one round apart in each tenth of them, so that all phases are seen at once.
  const rounds = Array.from({ length: 30 }, (_, time) =>
    hosts.flatMap((host, index) =>
      time - (index % 10) >= 0 && time - (index % 10) < 20 ? [round(host, index, time - (index % 10))] : [],
    ),
  );
  const tally: Record<string, HostStatus> = Object.fromEntries(hosts.map((host, index) => [host, endingOf(index)]));
  return stamped([
    { type: 'run.started', runId: 'r1', mode: 'apply', playbook: 'grow.yaml', hosts },
    ...rounds.flat(),
    { type: 'run.finished', runId: 'r1', status: 'failed', hosts: tally, exitCode: 1 },
  ]);
}
