import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { containerSpec } from '../../../src/facts/containers/container-spec.ts';
import { programsBetween, replacementDowntime } from '../../../src/operations/containers/replace/downtime.ts';
import type { Patch } from '../../../src/operations/containers/body/patch.ts';
import { replaceContainers } from '../../../src/operations/containers/replace/replace.ts';
import { downtimesOf } from '../../../src/run/report/downtime.ts';
import { app, volumeHost } from '../../faults/hosts/volume-hosts.ts';
import { recordedSpec } from '../../facts/recorded-specs.ts';
import { start, stopFleets } from '../../sim/simulated-host.ts';

stopFleets();

/** Writes down which program is called, and becomes it: what that calls itself is its own affair. */
const wrapper = `#!/bin/sh
name=\${0##*/} PATH=\${PATH#"\${0%/*}":}
if [ -n "\${CALLED-}" ]; then
  case $name in docker) echo "docker $1" ;; *) echo "$name" ;; esac >>"$CALLED"
  unset CALLED
fi
exec "$name" "$@"
`;

/** What a replacement on a simulated host calls, in order, every program of this machine being one that says so. */
async function replaced(
  patch: Patch,
): Promise<{ readonly calls: readonly string[]; readonly said: readonly object[] }> {
  const { fleet, host } = await start(volumeHost(app));
  const id = (await host.run("docker inspect --type container --format '{{.Id}}' app")).stdout.trim();
  const { code, ...printed } = await host.run(`set -- ${id}\n${containerSpec.script}`);
  const spec = containerSpec.parse({ status: code ?? -1, ...printed }, [id]);
  const change = replaceContainers({
    subject: 'container:app',
    containers: [{ spec, patch: { memory: 64 * 1024 ** 2, ...patch } }],
    gate: { seconds: 1, healthy: true },
  });
  const [action] = change.actions;
  if (action?.kind !== 'exec') throw new Error('it is no program');

  const wrappers = join(fleet.directory, 'wrappers');
  mkdirSync(wrappers);
  const called = join(wrappers, 'plimsoll-called');
  writeFileSync(called, wrapper, { mode: 0o755 });
  const programs = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].flatMap((from) =>
    existsSync(from) ? readdirSync(from) : [],
  );
  for (const name of new Set(['docker', ...programs])) if (name !== 'sh') symlinkSync(called, join(wrappers, name));
  const log = join(fleet.directory, 'called');
  const ran = await host.run(
    `CALLED=${log} PATH=${wrappers}:$PATH /bin/sh -s <<'PLIMSOLL_END'\n${action.stdin ?? ''}\nPLIMSOLL_END\n`,
  );
  expect(ran.code, ran.stderr).toBe(0);
  return {
    calls: readFileSync(log, 'utf8').trim().split('\n'),
    said: downtimesOf(change, ran.stdout),
  };
}

/** From the one to the other with both, in no order: those of a pipe begin as they like. */
function between(calls: readonly string[]): readonly string[] {
  return calls.slice(calls.indexOf('docker stop'), calls.indexOf('docker start') + 1).toSorted();
}

it('lies between stop and start: as many programs as the preview says, and no fsync', async () => {
  const { calls, said } = await replaced({});
  expect(between(calls)).toEqual([
    'docker diff',
    // The process of a simulated container is none of this kernel's.
    'docker inspect',
    'docker rename',
    'docker rename',
    'docker start',
    'docker stop',
    'sha256sum',
  ]);
  expect(between(calls)).toHaveLength(programsBetween.always + programsBetween.unlessDiscarded);
  // What was counted would have been: records are written through before and after.
  const at = calls.indexOf('docker stop');
  expect([calls.slice(0, at), calls.slice(at)].map((part) => part.filter((name) => name === 'sync').length)).toEqual([
    4, 2,
  ]);
  expect(said).toEqual([
    {
      container: 'app',
      expected: expect.stringMatching(
        /^about 1 s beside what it takes to end \(killed after 10 s\): at most 7 programs/,
      ),
      seconds: expect.any(Number),
      ending: expect.any(Number),
    },
  ]);
});

it('costs the whole change twelve calls of docker, one more here, and 34 other programs', async () => {
  const { calls } = await replaced({});
  const docker = calls.filter((name) => name.startsWith('docker ') || name === 'timeout').toSorted();
  expect(docker).toEqual([
    // Before the stop, which waits for what it says, and after it.
    'docker diff',
    'docker diff',
    // All about the old one and the names; the new one as it was made; that the simulated process is gone; the first look of
    // the gate; the last one, with the comparison.
    'docker inspect',
    'docker inspect',
    'docker inspect',
    'docker inspect',
    'docker inspect',
    'docker rename',
    'docker rename',
    'docker start',
    'docker stop',
    'docker update',
    // docker system dial-stdio, with which the new one is created.
    'timeout',
  ]);
  expect(calls.length).toBeLessThanOrEqual(13 + 34);
});

it('is not looked through for what is given up anyway', async () => {
  const { calls } = await replaced({ discardLayer: true });
  expect(between(calls)).toEqual(['docker inspect', 'docker rename', 'docker rename', 'docker start', 'docker stop']);
  expect(between(calls)).toHaveLength(programsBetween.always);
});

it('is expected of those that run only, each by its own time to end', () => {
  const plain = recordedSpec('docker-28', 'plain');
  const stopped = { ...plain, state: { ...plain.state, running: false } };
  const patient = { ...plain, config: { ...plain.config, StopTimeout: 120 } };
  expect(replacementDowntime([{ spec: stopped, patch: {} }])).toBeUndefined();
  expect(
    replacementDowntime([
      { spec: plain, patch: {} },
      { spec: patient, patch: { discardLayer: true } },
      { spec: stopped, patch: {} },
    ]),
  ).toMatch(/^about 2 s beside what they take to end \(killed after 121 s\): at most 12 programs/);
});

it('is not known where nobody has said it, and nothing else that a program prints is taken for it', () => {
  const change = { downtime: 'about 1 s' } as Parameters<typeof downtimesOf>[0];
  expect(downtimesOf(change, 'app is x now\ndowntime app 1.50 0.20\nx downtime b 1.00 1.00\ndowntime c 1 2\n')).toEqual(
    [{ container: 'app', expected: 'about 1 s', seconds: 1.5, ending: 0.2 }],
  );
  expect(downtimesOf({ ...change, downtime: undefined } as never, 'downtime app 1.50 0.20\n')).toEqual([]);
});
