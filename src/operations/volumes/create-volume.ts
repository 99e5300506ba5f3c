import { formatBytes } from '../../values/size.ts';
import type { Action, Change, ExecAction, RecordNote } from '../change.ts';
import { inLedger } from './ledger.ts';
import { removeMade } from './remove-volume.ts';
import { labelOf, primeLabel } from './versions.ts';

/** A volume with a size that is to take the place of another one. */
export interface NewVolume {
  readonly family: string;
  readonly version: number;
  readonly name: string;
  /** The name of the one that it takes the place of. */
  readonly replaces: string;
  readonly bytes: number;
  /** Besides those that say what it is. */
  readonly labels: Readonly<Record<string, string>>;
  /** Where Docker will put its content. */
  readonly mountpoint: string;
  /** It is there already, from an attempt that was cut. */
  readonly exists: boolean;
  /** Of the one that it replaces: bytes, 0 without a size. */
  readonly bytesBefore: number;
  /** What the records are told of that. */
  readonly untilNow: NonNullable<RecordNote['before']>;
}

/**
 * Creates a volume whose quota is in force before anything is written to it. Docker sets a volume's
 * quota when it first mounts it, and never for what lies there already; so it is made to mount it, by
 * `docker cp` from a container that is never started (its archive calls mount the volumes).
 */
export function createVolume(volume: NewVolume): Change {
  const { family, version, name, replaces, bytes, mountpoint, exists, bytesBefore } = volume;
  const labels = { ...volume.labels, [labelOf.family]: family, [labelOf.version]: String(version), [labelOf.replaces]: replaces };
  const create: ExecAction = {
    kind: 'exec',
    argv: ['docker', 'volume', 'create', '--driver', 'local', ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]), '--opt', `size=${String(bytes)}`, name],
    timeoutMs: 120_000,
  };
  const identity = `local ${mountpoint} ${family} ${String(version)} ${replaces} ${String(bytes)}`;
  // `volume create` of a name that exists changes nothing and says success.
  const ours: Action = { kind: 'check', argv: ['docker', 'volume', 'inspect', '--format', identityFormat, name], equals: identity, otherwise: `${name} is not the volume that was to be made` };
  const began = { volume: replaces, bytes: bytesBefore };
  return {
    summary: exists ? `${name}: put its quota of ${formatBytes(bytes)} in force` : `${name}: a new volume of ${formatBytes(bytes)}, with its quota in force`,
    subject: `volume:${family}`,
    before: exists ? { ...began, made: name } : began,
    after: { volume: name, bytes },
    actions: [
      ...(exists ? [] : [inLedger(family, 'made', volume), create]),
      ours,
      ...quotaInForce(name, mountpoint, bytes),
    ],
    undo: [removeMade(name, mountpoint, primeLabel, identityFormat, identity), inLedger(family, 'given-up', volume)],
    ...(exists ? { undoneTo: began } : {}),
    records: [{ kind: 'volume', name: family, version, replaces, spec: { name, driver: 'local', sizeBytes: bytes, labels, method: 'copy' }, before: volume.untilNow }],
    atomic: true,
    bindings: {},
  };
}

/** Of a volume that is empty and has just been created with this size: Docker is made to mount it, and the file system then shows the limit. */
export function quotaInForce(name: string, mountpoint: string, bytes: number): readonly Action[] {
  return [
    { kind: 'exec', argv: ['/bin/sh', '-s', '--', name, mountpoint, primeLabel], stdin: primeScript, timeoutMs: 300_000 },
    { kind: 'check', argv: ['df', '-B1', '--output=size', mountpoint], equals: `1B-blocks ${String(bytes)}`, otherwise: `the quota of ${name} is not in force: the file system shows another size` },
  ];
}

const identityFormat = `{{.Driver}} {{.Mountpoint}} {{index .Labels "${labelOf.family}"}} {{index .Labels "${labelOf.version}"}} {{index .Labels "${labelOf.replaces}"}} {{index .Options "size"}}`;

/** The image is made of nothing and removed again: none of the host's is needed, and none brings volumes of its own. */
const primeScript = `# Has Docker mount volume $1 once, so that it sets the quota of $2.
{
name=$1 directory=$2 label=$3
no() { printf '%s\\n' "$*" >&2; exit 1; }
project() { xfs_io -r -c stat "$directory" | sed -n 's/^fsxattr.projid = //p'; }
clear_away() {
  left=0
  for id in $(docker ps -aq --no-trunc --filter "label=$label=$name"); do
    image=$(docker inspect --type container --format '{{.Image}}' "$id")
    docker rm -f "$id" >/dev/null || left=1
  done
  [ -z "\${image-}" ] || docker rmi "$image" >/dev/null
  image=
  return "$left"
}
[ -z "$(ls -A -- "$directory")" ] || no "$name holds something before its quota is in force: it would never be counted"
trap clear_away EXIT
clear_away
image=$(head -c 10240 /dev/zero | docker import -) || exit 1
id=$(docker create --network none --label "$label=$name" --mount "type=volume,src=$name,dst=/v,volume-nocopy" "$image" /v) || exit 1
docker cp "$id:/v" - >/dev/null || no "Docker could not mount $name"
case $(project) in '' | 0) no "Docker has mounted $name without setting its quota: was this name used before, while the daemon ran (moby#43891)?" ;; esac
trap - EXIT
clear_away || no "the container that had Docker mount $name could not be removed: docker ps -a --filter label=$label=$name"
} </dev/null
`;
