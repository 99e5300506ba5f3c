import type { ContainerSpec } from '../../../facts/containers/container-spec.ts';
import type { CopiedInto } from '../../../facts/copies/copied-into.ts';
import { askCopiedInto } from '../../../facts/copies/copied-into.ts';
import { ask } from '../../../facts/fact.ts';
import type { Volume } from '../../../facts/volumes/volumes.ts';
import { volumes } from '../../../facts/volumes/volumes.ts';
import { asText } from '../../../values/json.ts';
import type { Refusal } from '../../../values/refusal.ts';
import { refuse } from '../../../values/refusal.ts';
import { oneLine } from '../../../values/terminal.ts';
import type { Reading } from '../../engine/reading.ts';
import { allBeside, beside, later, perhaps } from '../../engine/reading.ts';
import { containerPath } from '../body/container-path.ts';
import type { Patch, PatchedMount } from '../body/patch.ts';

type Mounts = NonNullable<Patch['mounts']>;

/** What is known of the directories that are to be mounted: whether they are copies, and of what. */
export interface Copies {
  readonly volumes: readonly Volume[];
  readonly into: ReadonlyMap<string, () => CopiedInto | null>;
}

export const noCopies: Copies = { volumes: [], into: new Map<string, () => CopiedInto | null>() };

/** Of volumes in two flights: where they lie has to be known first. */
export function* readCopies(mounts: Mounts | undefined): Reading<Copies> {
  const wanted = Object.values(mounts ?? {}).filter((mount) => mount !== null);
  const named = wanted.filter((mount) => 'volume' in mount);
  const binds = wanted.filter((mount) => !('volume' in mount)).flatMap((mount) => directoryOf(mount, []));
  const [all = [], ofBinds] = yield* beside(
    perhaps(named.length > 0 ? ask(volumes) : undefined),
    allBeside(binds.map(readCopiedInto)),
  );
  const ofVolumes = yield* allBeside(named.flatMap((mount) => directoryOf(mount, all)).map(readCopiedInto));
  return { volumes: all, into: new Map([...ofBinds, ...ofVolumes]) };
}

function* readCopiedInto(directory: string): Reading<readonly [string, () => CopiedInto | null]> {
  return [directory, yield* later(askCopiedInto(directory))];
}

function directoryOf(mount: PatchedMount, all: readonly Volume[]): readonly string[] {
  if ('bind' in mount) return [mount.bind];
  const mountpoint = all.find(({ name }) => name === mount.volume)?.mountpoint ?? '';
  return mountpoint.startsWith('/') ? [mountpoint] : [];
}

/**
 * A copy that is to take the place of what it is a copy of, and lacks what has been written since: the container would go on
 * without that.
 */
export function staleCopyRefusal(
  spec: ContainerSpec,
  mounts: Mounts | undefined,
  { volumes: all, into }: Copies,
): Refusal | undefined {
  for (const [path, mount] of Object.entries(mounts ?? {})) {
    if (mount === null) continue;
    const now = asText(spec.mounts.find((one) => asText(one['Destination']) === containerPath(path))?.['Source']);
    for (const directory of directoryOf(mount, all)) {
      const copy = into.get(directory)?.() ?? null;
      if (
        copy === null ||
        now === '' ||
        (copy.complete && copy.newer === 0) ||
        !(within(now, copy.from) || within(copy.from, now))
      )
        continue;
      const what = oneLine('bind' in mount ? mount.bind : mount.volume, 80);
      const source = oneLine(copy.from, 120);
      const first = copy.first.map((name) => oneLine(name, 60)).join(', ');
      const why = !copy.complete
        ? 'that was begun and never completed'
        : copy.newer < 0
          ? 'that is not there any more, so whether it has been written to since cannot be told'
          : `that has been written to since (${copy.newer === 1 ? 'one path' : `${String(copy.newer)} paths`}${first === '' ? '' : `: ${first}`}${copy.newer > copy.first.length && first !== '' ? ', …' : ''})`;
      return refuse(
        `${what}, for ${oneLine(path, 80)} of ${spec.name}, is a copy of ${source} ${why}: the new container would go on without it`,
        `let ${spec.name} be stopped from the last copy on until it has the copy: docker stop, copy_volume, recreate_container, docker start, as playbooks/move-bind-to-volume.yaml has it`,
      );
    }
  }
  return undefined;
}

function within(inner: string, outer: string): boolean {
  return inner === outer || inner.startsWith(`${outer}/`);
}
