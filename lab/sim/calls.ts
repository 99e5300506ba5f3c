/**
 * What is asked of a virtual machine and of a simulated host alike, in this order, each time of a
 * fresh one. The scripts see `$N` (the device of c1), `$ID` (its thin id), `$H` (its hash), `$P`
 * (the pool as `major:minor`), `$PN` (the pool's name), `$PID` (of c1), `$R` (Docker's root), `$L`
 * (the layer directory of c1) and `$S` (the sectors of c1's device, at the start).
 */
export interface Call {
  readonly name: string;
  readonly script: string;
}

/** Prints `KEY=VALUE` lines, which become variables of every other script. */
export const discover = `R=$(docker info --format '{{.DockerRootDir}}')
PID=$(docker inspect --type container --format '{{.State.Pid}}' c1)
N=$(docker inspect --type container --format '{{json .GraphDriver.Data}}' c1 2>/dev/null)
L=$(printf '%s' "$N" | sed -n 's/.*"UpperDir":"\\([^"]*\\)\\/diff".*/\\1/p')
ID=$(printf '%s' "$N" | sed -n 's/.*"DeviceId":"\\([^"]*\\)".*/\\1/p')
N=$(printf '%s' "$N" | sed -n 's/.*"DeviceName":"\\([^"]*\\)".*/\\1/p')
H=\${N##*-}
P= S= PN=
if [ -n "$N" ]; then set -- $(dmsetup table "$N"); S=$2 P=$4; PN=$(docker info --format '{{json .DriverStatus}}' 2>/dev/null | sed -n 's/.*"Pool Name","\\([^"]*\\)".*/\\1/p'); fi
for key in R PID N L ID H P S PN; do eval "printf '%s=%s\\n' $key \\"\\$$key\\""; done`;

const call = (name: string, script: string): Call => ({ name, script });

const daemon: readonly Call[] = [
  call('ids of all containers', 'docker ps -aq --no-trunc'),
  call('names of running containers', "docker ps --format '{{.Names}}' | sort"),
  call('server version', "docker version --format '{{.Server.Version}}'"),
  call('one field', "docker info --format '{{.Driver}} {{.LiveRestoreEnabled}} {{.DockerRootDir}}'"),
  call(
    'state of c1',
    "docker inspect --type container --format '{{.Name}} {{.State.Status}} {{.State.Running}} {{json .State.Error}} {{.Driver}}' c1",
  ),
  call(
    'a missing container',
    'docker inspect --type container nosuch; docker inspect nosuch; docker start nosuch; docker stop nosuch',
  ),
  call(
    'the unit',
    'systemctl show --property LoadState docker.service; systemctl is-active docker; systemctl show --property LoadState nosuch.service',
  ),
];

const mapper: readonly Call[] = [
  call('dmsetup info of all', 'dmsetup info'),
  call('dmsetup table of all', 'dmsetup table'),
  call('dmsetup inactive tables of all', 'dmsetup table --inactive'),
  call('dmsetup status of all', 'dmsetup status --noflush'),
  call('dmsetup ls', 'dmsetup ls'),
  call('one device', 'dmsetup info "$N"; dmsetup table "$N"; dmsetup table --inactive "$N"; dmsetup status "$N"'),
  call(
    'size of the device',
    'blockdev --getsize64 "/dev/mapper/$N"; blockdev --getsz "/dev/mapper/$N"; blockdev --getsize64 /dev/mapper/nosuch',
  ),
  call(
    'no such device',
    'for c in info table status resume clear remove; do dmsetup $c nosuch; echo "$c $?"; done; dmsetup load nosuch --table "0 8 thin $P $ID"; dmsetup table --inactive nosuch',
  ),
  call(
    'bad tables',
    `for t in "0 $((S+8)) thin$P $ID" "0 $((S+8)) thin 253:9 $ID" "0 $((S+8)) thin $P 77" "0 abc thin $P $ID" "0 -5 thin $P $ID" "0 1.5 thin $P $ID" "0 0 thin $P $ID" "8 $((S+8)) thin $P $ID" "0 $((S+8)) thin $P" ""; do
dmsetup load "$N" --table "$t"; echo "$?"; dmsetup table --inactive "$N"; done`,
  ),
  call(
    'wrong tables that are accepted',
    `for t in "0 $((S-8)) thin $P $ID" "0 $S thin $P 2"; do dmsetup load "$N" --table "$t"; echo $?; dmsetup table --inactive "$N"; dmsetup clear "$N"; done; dmsetup table "$N"`,
  ),
  call('resume with nothing loaded', 'dmsetup resume "$N"; echo $?; dmsetup clear "$N"; echo $?; dmsetup table "$N"'),
  call('a name in use', 'dmsetup create "$N" --table "0 8 thin $P $ID"; echo $?'),
  call(
    'suspend and resume',
    'dmsetup suspend "$N"; dmsetup info "$N" | grep -E "State|Tables"; dmsetup resume "$N"; dmsetup info "$N" | grep State',
  ),
  call('the device is in use', 'dmsetup remove "$N"; echo $?'),
  call(
    'a device of our own',
    `dmsetup create sim-read --readonly --table "0 8 thin $P $ID"; echo $?; dmsetup table sim-read; dmsetup info sim-read; blockdev --getsize64 /dev/mapper/sim-read
dd if=/dev/mapper/sim-read bs=4 count=1 2>/dev/null | od -An -v -tx1; dmsetup remove --retry sim-read; echo $?; dmsetup table sim-read`,
  ),
  call(
    'a device of our own with an unknown id',
    'dmsetup create sim-read --readonly --table "0 8 thin $P 77"; echo $?; dmsetup info sim-read',
  ),
];

/** $1 of `grow`: sectors more than at the start. */
const grown = '$((S+393216))';

const load: readonly Call[] = [
  call(
    'load and clear',
    `dmsetup load "$N" --table "0 ${grown} thin $P $ID"; echo $?; dmsetup info "$N"; dmsetup table "$N"; dmsetup table --inactive "$N"; blockdev --getsize64 "/dev/mapper/$N"; dmsetup clear "$N"; echo $?; dmsetup table --inactive "$N"`,
  ),
  call(
    'load from standard input',
    `echo "0 ${grown} thin $P $ID" | dmsetup load "$N"; echo $?; dmsetup table --inactive "$N"`,
  ),
  call(
    'resume',
    'dmsetup resume "$N"; echo $?; dmsetup table "$N"; dmsetup table --inactive "$N"; blockdev --getsize64 "/dev/mapper/$N"',
  ),
];

const mountPlaces = 'M=/var/lib/plimsoll/mnt/test';

const lsblk = 'lsblk --nodeps --bytes --noheadings --output DISC-MAX';

/** Of a mount of our own, as trim_rootfs makes it. */
const trim = (mount: string): readonly Call[] => [
  call('discards of the device', `${lsblk} "/dev/mapper/$N"; echo $?; ${lsblk} /dev/mapper/nosuch; echo $?`),
  call(
    'trim',
    `${mountPlaces}; mkdir -p "$M"; ${mount} "/dev/mapper/$N" "$M"; echo $?; fstrim "$M"; echo $?; fstrim -v "$M"; echo $?; fstrim "$M/nosuch"; echo $?; umount "$M"; echo $?; rmdir "$M"`,
  ),
];

const xfs: readonly Call[] = [
  call('geometry through the container', 'xfs_io -r -c statfs "/proc/$PID/root/"'),
  call('df through the container', 'df -B1 --output=size,used,avail "/proc/$PID/root/"'),
  call('no pid', 'xfs_io -r -c statfs /proc/900000999/root/; df -B1 --output=size,used,avail /proc/900000999/root/'),
  ...trim('mount -t xfs -o nouuid'),
  ...load,
  call(
    'growfs on what is no mount',
    `${mountPlaces}; mkdir -p "$M"; xfs_growfs -d "$M"; echo $?; xfs_growfs -d "$M/nosuch"; echo $?; umount "$M"; echo $?; umount "$M/nosuch"; echo $?; rmdir "$M"`,
  ),
  call(
    'mounts that fail',
    `${mountPlaces}; mkdir -p "$M"; mount -t xfs -o nouuid /dev/mapper/nosuch "$M"; echo $?; mount -t xfs -o nouuid "/dev/mapper/$N" "$M/nosuch"; echo $?; mount -t ext4 "/dev/mapper/$N" "$M"; echo $?; rmdir "$M"`,
  ),
  call(
    'grow the file system',
    `${mountPlaces}; mkdir -p "$M"; mount -t xfs -o nouuid "/dev/mapper/$N" "$M"; echo $?; xfs_growfs -d "$M"; echo $?; xfs_growfs -d "$M"; echo $?; dmsetup info "$N" | grep Open; umount "$M"; echo $?; rmdir "$M"; echo $?`,
  ),
  call(
    'geometry after it',
    'xfs_io -r -c statfs "/proc/$PID/root/" | grep -E "^geom.(bsize|datablocks|agcount)"; df -B1 --output=size "/proc/$PID/root/"',
  ),
  call('resize2fs on xfs', 'resize2fs "/dev/mapper/$N"; echo $?'),
];

const ext4: readonly Call[] = [
  call('df through the container', 'df -B1 --output=size,used,avail "/proc/$PID/root/"'),
  call('xfs_io on ext4', 'xfs_io -r -c statfs "/proc/$PID/root/"; echo $?'),
  ...trim('mount -t ext4'),
  ...load,
  call(
    'growfs on ext4',
    `${mountPlaces}; mkdir -p "$M"; mount -t ext4 "/dev/mapper/$N" "$M"; echo $?; xfs_growfs -d "$M"; echo $?; umount "$M"; rmdir "$M"`,
  ),
  call(
    'grow the file system',
    `${mountPlaces}; mkdir -p "$M"; mount -t ext4 "/dev/mapper/$N" "$M"; echo $?; resize2fs "/dev/mapper/$N"; echo $?; resize2fs "/dev/mapper/$N"; echo $?; resize2fs "$M"; echo $?; umount "$M"; echo $?; rmdir "$M"; echo $?`,
  ),
  call('resize2fs of nothing', 'resize2fs /dev/mapper/nosuch; echo $?'),
];

/** The size was not stored: the container does not start again until somebody gives it the big device. */
const undone: readonly Call[] = [
  call(
    'the daemon holds the old size',
    "docker inspect --type container --format '{{.GraphDriver.Data.DeviceSize}}' c1",
  ),
  call('docker restart hides it', 'docker restart -t 0 c1; echo $?; dmsetup table "$N"'),
  call(
    'stop',
    'docker stop -t 0 c1; echo $?; dmsetup table "$N"; dmsetup info "$N"; docker ps -q; [ -e "/dev/mapper/$N" ]; echo $?',
  ),
  call('start fails', 'docker start c1; echo $?; dmsetup table "$N"'),
  call(
    'how it is then',
    "docker inspect --type container --format '{{.State.Status}} {{.State.Running}} {{.State.Pid}} {{.State.ExitCode}} {{json .State.Error}}' c1",
  ),
  call('mount fails', `${mountPlaces}; mkdir -p "$M"; mount "/dev/mapper/$N" "$M"; echo $?; rmdir "$M"`),
  call(
    'with the big device it starts',
    `dmsetup load "$N" --table "0 ${grown} thin $P $ID"; dmsetup resume "$N"; docker start c1; echo $?; dmsetup table "$N"; docker inspect --type container --format '{{.State.Status}} {{json .State.Error}}' c1`,
  ),
  call(
    'patch the record',
    `cat "$R/devicemapper/metadata/$H"; echo; stat -c %a "$R/devicemapper/metadata/$H"; sed "s/\\"size\\":[0-9]*/\\"size\\":$((${grown}*512))/" "$R/devicemapper/metadata/$H" >"$R/devicemapper/metadata/.t" && chmod 600 "$R/devicemapper/metadata/.t" && mv "$R/devicemapper/metadata/.t" "$R/devicemapper/metadata/$H"; cat "$R/devicemapper/metadata/$H"; echo
docker inspect --type container --format '{{.GraphDriver.Data.DeviceSize}}' c1`,
  ),
  call(
    'restart the daemon',
    `A=$(docker inspect --type container --format '{{.State.Pid}} {{.State.StartedAt}}' c1); systemctl restart docker; echo $?; B=$(docker inspect --type container --format '{{.State.Pid}} {{.State.StartedAt}}' c1); [ "$A" = "$B" ]; echo $?
docker inspect --type container --format '{{.GraphDriver.Data.DeviceSize}} {{.State.Status}}' c1`,
  ),
  call('now it lasts', 'docker stop -t 0 c1; docker start c1; echo $?; dmsetup table "$N"'),
  call(
    'a mount of our own keeps the device',
    `${mountPlaces}; T=$(cat /proc/self/mountinfo | sed -n "s/.* - \\([a-z0-9]*\\) \\/dev\\/mapper\\/$N .*/\\1/p"); mkdir -p "$M"; case $T in xfs) mount -t xfs -o nouuid "/dev/mapper/$N" "$M" ;; *) mount -t ext4 "/dev/mapper/$N" "$M" ;; esac; docker stop -t 0 c1; dmsetup info "$N" | grep -E "State|Open"; umount "$M"; rmdir "$M"; dmsetup info "$N"; docker start c1; echo $?`,
  ),
];

const downFor = (where: string): readonly Call[] => [
  call(
    'a stray file stops the daemon',
    `${where}; echo "{" >"$D/zz.tmp"; systemctl reset-failed docker docker.socket; systemctl restart docker; echo $?; systemctl is-active docker`,
  ),
  ...down,
  call(
    'without it the daemon starts',
    `${where}; rm "$D/zz.tmp"; systemctl reset-failed docker docker.socket; systemctl start docker; echo $?; systemctl is-active docker; docker ps --format '{{.Names}}'`,
  ),
  call(
    'a stray dot file does not',
    `${where}; echo "{" >"$D/.zz"; systemctl restart docker; echo $?; docker ps --format '{{.Names}}'; rm "$D/.zz"`,
  ),
];

const down: readonly Call[] = [
  call('docker ps without a daemon', 'docker ps -aq --no-trunc; echo $?'),
  call('docker inspect without a daemon', 'docker inspect --type container c1; echo $?'),
  call('docker info without a daemon', "docker info --format '{{json .}}'; echo $?"),
  call('docker start without a daemon', 'docker start c1; echo $?'),
];

const quota: readonly Call[] = [
  call(
    'the layer',
    'stat -f -c %T -- "$L"; df --output=target -- "$L"; df -B1 --output=avail -- "$R"; xfs_io -r -c stat "$L"',
  ),
  call(
    'its mount',
    'M=$(df --output=target -- "$R" | tail -n 1); while read -r a b n d at o rest; do [ "$at" = "$M" ] && echo "$at $o ${rest##* }"; done </proc/self/mountinfo',
  ),
  call('all projects', 'xfs_quota -x -c \'report -p -n -b -N\' "$R"'),
  call('size of the layer', 'df -B1 --output=size "$L"; df -B1 "$L" | tail -n 1'),
  call(
    'raise it',
    'I=$(xfs_io -r -c stat "$L" | sed -n "s/^fsxattr.projid = //p"); xfs_quota -x -c "limit -p bsoft=131072k bhard=131072k $I" "$R"; echo $?; df -B1 --output=size "$L"; df -B1 --output=size,avail "/proc/$PID/root/"',
  ),
  call('it is in the report', 'xfs_quota -x -c \'report -p -n -b -N\' "$R"'),
  call('a limit for nobody', 'xfs_quota -x -c "limit -p bsoft=1024k bhard=1024k 77777" "$R"; echo $?'),
  call('a limit elsewhere', 'xfs_quota -x -c "limit -p bsoft=1024k bhard=1024k 77777" /nosuch; echo $?'),
  call(
    'stop and start',
    'docker stop -t 0 c1; docker start c1; echo $?; df -B1 --output=size "$L"; docker inspect --type container --format \'{{json .HostConfig.StorageOpt}}\' c1',
  ),
  call('after a restart of the daemon', 'systemctl restart docker; echo $?; df -B1 --output=size "$L"'),
];

const stopped: readonly Call[] = [
  call('stop the daemon', 'systemctl stop docker.socket docker; echo $?; systemctl is-active docker'),
  ...down,
  call('start the daemon', "systemctl start docker; echo $?; docker ps --format '{{.Names}}' | sort"),
];

const pool = 'T=$(dmsetup table "$PN"); set -- $T; shift 2; rest=$*; F=$R/devicemapper/devicemapper';
const shown = 'dmsetup info "$PN" | grep -E "State|Tables"; dmsetup table "$PN"; dmsetup table --inactive "$PN"';

/** A pool on loop files that grows, and what a table that cannot be leaves behind. */
const loopPool: readonly Call[] = [
  call(
    'loop devices',
    'losetup --list --noheadings --output NAME,MAJ:MIN,SIZELIMIT,OFFSET,RO,BACK-FILE | tr -s " " | sort; blockdev --getsize64 /dev/loop0; blockdev --getsize64 /dev/loop1',
  ),
  call(
    'a longer file',
    `${pool}; truncate -c -s '>2248146944' "$F/data"; echo $?; stat -c %s "$F/data"; blockdev --getsize64 /dev/loop0; losetup -c /dev/loop0; echo $?; blockdev --getsize64 /dev/loop0`,
  ),
  call('a file never becomes shorter', `${pool}; truncate -c -s '>1048576' "$F/data"; echo $?; stat -c %s "$F/data"`),
  call(
    'no such file or device',
    'truncate -c -s \'>1048576\' "$R/devicemapper/nosuch"; echo $?; [ -e "$R/devicemapper/nosuch" ]; echo $?; losetup -c /dev/loop77; echo $?',
  ),
  call(
    'load a longer pool',
    `${pool}; dmsetup load "$PN" --table "0 4390912 $rest"; echo $?; ${shown}; dmsetup status --noflush "$PN"`,
  ),
  call(
    'resume a longer pool',
    `dmsetup resume "$PN"; echo $?; ${shown}; dmsetup status --noflush "$PN"; docker info --format '{{json .DriverStatus}}' 2>/dev/null | grep -o '"Data Space Total","[^"]*"'`,
  ),
  call(
    'a pool table longer than the device',
    `${pool}; dmsetup load "$PN" --table "0 8388608 $rest"; echo $?; dmsetup resume "$PN"; echo $?; ${shown}; dmsetup clear "$PN"; dmsetup resume "$PN"; echo $?; ${shown}`,
  ),
  call(
    'a pool table shorter than the pool',
    `${pool}; dmsetup load "$PN" --table "0 2097152 $rest"; echo $?; dmsetup resume "$PN"; echo $?; ${shown}; dmsetup resume "$PN"; echo $?; dmsetup load "$PN" --table "$T"; dmsetup resume "$PN"; echo $?; ${shown}`,
  ),
  call(
    'longer metadata',
    `${pool}; truncate -c -s '>50331648' "$F/metadata"; losetup -c /dev/loop1; dmsetup load "$PN" --table "$T"; dmsetup resume "$PN"; echo $?; ${shown}; dmsetup status --noflush "$PN"`,
  ),
];

const byBytes = "--noheadings --nosuffix --units b --separator '|'";
const lvm = `lvs ${byBytes} -o lv_attr,lv_size,lv_metadata_size,seg_monitor,lv_profile -- docker/thinpool; vgs ${byBytes} -o vg_free,vg_extent_size -- docker; lvs -a ${byBytes} -o lv_name,lv_size -- docker; dmsetup table docker-thinpool; dmsetup status --noflush docker-thinpool`;

/** A pool that LVM owns and extends. */
const lvmPool: readonly Call[] = [
  call('the pool of LVM', lvm),
  call(
    'autoextend',
    'lvmconfig --type full activation/thin_pool_autoextend_threshold activation/thin_pool_autoextend_percent; echo $?',
  ),
  call(
    'no such pool',
    `lvs ${byBytes} -o lv_attr,lv_size,lv_metadata_size,seg_monitor,lv_profile -- docker/nosuch; echo $?; vgs ${byBytes} -o vg_free,vg_extent_size -- nosuch; echo $?; lvextend -y -L 2147483648b -- docker/nosuch; echo $?`,
  ),
  call(
    'extend the metadata',
    `lvextend -y --poolmetadatasize 33554432b -- docker/thinpool | tail -n 1; lvs --noheadings --nosuffix --units b -o lv_metadata_size -- docker/thinpool; ${lvm}`,
  ),
  call(
    'extend the data',
    `lvextend -y -L 2147483648b -- docker/thinpool | tail -n 1; lvs --noheadings --nosuffix --units b -o lv_size -- docker/thinpool; ${lvm}`,
  ),
  call(
    'what LVM does not do',
    'lvextend -y -L 1073741824b -- docker/thinpool; echo $?; lvextend -y --poolmetadatasize 16777216b -- docker/thinpool; echo $?; lvextend -y -L 107374182400b -- docker/thinpool; echo $?',
  ),
  call(
    'a suspended pool of LVM',
    'dmsetup suspend docker-thinpool; dmsetup info docker-thinpool | grep State; lvchange --refresh -- docker/thinpool; echo $?; dmsetup info docker-thinpool | grep State; lvchange --refresh -- docker/thinpool; echo $?',
  ),
];

const metadataDirectory = 'D=$R/devicemapper/metadata';

export const kinds = ['dm-xfs', 'dm-ext4', 'dm-lvm', 'overlay2-20', 'overlay2-28', 'containerd-28'] as const;
export type RecordedKind = (typeof kinds)[number];

export const calls: Readonly<Record<RecordedKind, readonly Call[]>> = {
  'dm-xfs': [...daemon, ...mapper, ...xfs, ...undone, ...downFor(metadataDirectory), ...loopPool],
  'dm-ext4': [...daemon, ...mapper, ...ext4, ...undone],
  'dm-lvm': [...daemon, ...mapper, ...xfs, ...undone, ...lvmPool],
  'overlay2-20': [...daemon, ...quota, ...stopped],
  'overlay2-28': [...daemon, ...quota, ...stopped],
  'containerd-28': [
    ...daemon,
    call(
      'no graph driver',
      "docker inspect --type container --format '{{with .GraphDriver}}{{json .Data}}{{else}}null{{end}}' c1",
    ),
    ...stopped,
  ],
};
