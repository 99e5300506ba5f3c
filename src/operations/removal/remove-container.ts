import * as z from 'zod';
import { containerName } from '../engine/input.ts';
import { containerUses, dependants, usersOfVolume } from '../../facts/containers/container-uses.ts';
import type { Container } from '../../facts/containers/containers.ts';
import { containers } from '../../facts/containers/containers.ts';
import { dockerInfo } from '../../facts/daemon/docker.ts';
import { ask } from '../../facts/fact.ts';
import { replacements } from '../../facts/containers/replacements.ts';
import { invisibleTo, storageDrivers } from '../../facts/daemon/storage-drivers.ts';
import { volumeDirectories } from '../../facts/volumes/volume-directories.ts';
import type { Volume } from '../../facts/volumes/volumes.ts';
import { volumes } from '../../facts/volumes/volumes.ts';
import type { Change, ExecAction } from '../engine/change.ts';
import { counted } from '../restart/invisible.ts';
import { oneContainer } from '../primitives/docker-inspect.ts';
import { defineOperation } from '../engine/operation.ts';
import type { SeenBy } from '../engine/reading.ts';
import { together } from '../engine/reading.ts';
import { period, periodText } from './clean-input.ts';
import { hasAnonymousName, volumesIn } from './dangling.ts';
import { putIntoQuarantine } from './quarantine-scripts.ts';
import { judgeOrchestrated } from '../copies/stop-users.ts';
import type { Refusal } from '../../values/refusal.ts';
import { isRefused, refuse } from '../../values/refusal.ts';
import { byHand } from '../../values/shell.ts';
import { shell } from '../../shell/shell.ts';

const schema = z.strictObject({
  container: containerName.describe(
    'the name or id of one container, which does not run, or four or more of its first digits',
  ),
  anonymous_volumes: z
    .enum(['keep', 'quarantine'])
    .default('keep')
    .describe(
      'what becomes of its volumes without a name that no other container has: they stay, or go into quarantine',
    ),
  keep_for: period
    .prefault('7d')
    .refine((seconds) => seconds > 0, 'volumes go by way of quarantine: at least 1s')
    .describe('with quarantine: how long they stay there, until clean_volumes removes them'),
});

type Want = z.infer<typeof schema>;

/** A volume without a name that only this container has. */
interface Own {
  readonly name: string;
  readonly path: string;
  readonly is: string;
}

function* read() {
  const [docker, all, uses, everyVolume, replaced] = yield* together(
    ask(dockerInfo),
    ask(containers),
    ask(containerUses),
    ask(volumes),
    ask(replacements),
  );
  const root = volumesIn(docker);
  const [directories, drivers] = yield* together(ask(volumeDirectories, root), ask(storageDrivers, docker.root, ''));
  return { docker, all, uses, volumes: everyVolume, replacements: replaced, root, directories, drivers };
}
type Seen = SeenBy<typeof read>;

export const removeContainer = defineOperation({
  name: 'remove_container',
  summary: 'Remove a container that does not run, and put its own volumes without a name into quarantine',
  schema,
  readOnly: false,
  repeats: false,

  read,
  plan(want, seen) {
    if (isGone(want, seen)) return { outcome: 'noop', reason: `there is no container ${want.container}` };
    const container = oneContainer(want.container, seen.all);
    if (isRefused(container)) return container;
    const refusal = judge(container, seen);
    if (refusal !== undefined) return refusal;
    const own = ownVolumes(container, seen);
    const left =
      want.anonymous_volumes === 'keep' && own.length > 0
        ? [
            `it leaves ${counted(own.length, 'volume')} without a name that nobody else has: anonymous_volumes: quarantine, or clean_volumes later`,
          ]
        : [];
    return {
      outcome: 'change',
      changes: [changeOf(want, container, own)],
      warnings: [`what ${container.name} has written to its own file system is gone with it`, ...left],
    };
  },

  touches(want, seen) {
    const container = oneContainer(want.container, seen.all);
    if (isRefused(container)) return { reads: ['docker'], changes: [] };
    const changes = [`container:${container.id}`, ...ownVolumes(container, seen).map(({ name }) => `volume:${name}`)];
    return { reads: ['docker', ...changes], changes };
  },
});

/** Of a name or an id, not of a pattern: that it is there no more is what was wanted. */
function isGone({ container }: Want, { all }: Seen): boolean {
  return (
    !/[*?]/.test(container) &&
    !all.some(({ id, name }) => name === container.replace(/^\//, '') || id.startsWith(container))
  );
}

function judge({ id, name, state, labels }: Container, { uses, replacements: replaced }: Seen): Refusal | undefined {
  const kept = replaced.find((replacement) => replacement.old === id || replacement.new === id);
  if (kept !== undefined)
    return refuse(
      `${name} is kept for the replacement of ${kept.name}, which is not finalized`,
      'plimsoll finalize RUN removes the old one, plimsoll rollback RUN the new one',
    );
  if (state.running) return refuse(`${name} runs`, `stop it first: ${byHand('docker', 'stop', name)}`);
  const use = uses.find((each) => each.id === id);
  const orchestrated = use === undefined ? undefined : judgeOrchestrated(use);
  if (orchestrated !== undefined) return orchestrated;
  if (Object.hasOwn(labels, 'com.docker.compose.project'))
    return refuse(
      `${name} belongs to a project of Compose`,
      'docker compose rm, in the project, knows what belongs to it',
    );
  const others = dependants(uses, id).map((each) => each.name);
  return others.length === 0
    ? undefined
    : refuse(
        `${others.join(', ')} cannot do without ${name}: by volumes-from, a link, or a namespace of it`,
        'remove these first',
      );
}

/** As `docker rm -v` has it, but for those that another container has too, by whatever way, or one that Docker does not see now. */
function ownVolumes(
  { id }: Container,
  { docker, uses, volumes: all, root, directories, drivers }: Seen,
): readonly Own[] {
  const use = uses.find((each) => each.id === id);
  const invisible = new Set(invisibleTo(docker.driver, drivers).flatMap((container) => container.volumes));
  const mounted = new Set(
    (use?.mounts ?? []).flatMap(({ type, name }) => (type === 'volume' && name !== undefined ? [name] : [])),
  );
  const isOwn = (volume: Volume): boolean =>
    volume.driver === 'local' &&
    hasAnonymousName(volume) &&
    mounted.has(volume.name) &&
    !invisible.has(volume.name) &&
    usersOfVolume(uses, volume).every((user) => user.id === id);
  return all.filter(isOwn).flatMap(({ name }) => {
    const is = directories.byName[name]?.is;
    return is === undefined ? [] : [{ name, path: `${root}/${name}`, is }];
  });
}

function changeOf(want: Want, { id, name, state }: Container, own: readonly Own[]): Change {
  const taken = want.anonymous_volumes === 'quarantine' ? own : [];
  return {
    summary: `remove ${name} (${state.status})${taken.length === 0 ? '' : `; ${counted(taken.length, 'volume')} of it without a name into quarantine for ${periodText(want.keep_for)}`}`,
    subject: `container:${id}`,
    before: { container: name, status: state.status },
    after: { container: null },
    // First: one that is cut in between has lost nothing, and is begun again while the container is there to say what is its own.
    actions: [...taken.map((volume) => putIntoQuarantine(volume, want.keep_for, name)), remove(id)],
    undo: 'irreversible',
    atomic: true,
    bindings: {
      container: id,
      ...Object.fromEntries(taken.map((volume, index) => [`volume ${String(index + 1)}`, volume.name])),
    },
  };
}

const removeScript = shell('operations/removal/remove.sh');

function remove(id: string): ExecAction {
  return { kind: 'exec', argv: ['/bin/sh', '-c', removeScript, 'sh', id], timeoutMs: 600_000 };
}
