# shellcheck shell=sh
# shellcheck disable=SC2154 # of whoever sources it, or of a file that it sources: c_Device, c_Hash, c_Name, count,
# f_RestartPolicyName, f_State_ExitCode, f_State_FinishedAt, f_State_Pid, f_State_Running, f_State_StartedAt
# shellcheck disable=SC2034 # for whoever sources it, or a file that it sources: f_HostConfig_StorageOpt
# What dockerd does, for docker and systemctl. The records in $ROOT are real files; `daemon/sizes` is what it holds in
# memory.
# shellcheck source=volumes.sh
. "$SIM_BIN/volumes.sh"
now() { date -u +%Y-%m-%dT%H:%M:%S.%NZ; }
running_daemon() {
	get "$state/daemon/status"
	[ "$value" = active ]
}

# Sets the fields of a container: c (directory), c_Name, c_Hash, f_….
load_container() {
	c=$state/containers/$1
	# These are there only where they have been given.
	f_HostConfig_StorageOpt=null c_ByHand=
	unset f_Config_ExposedPorts f_Config_Healthcheck f_Config_ArgsEscaped f_Config_NetworkDisabled f_Config_MacAddress f_Config_StopSignal f_Config_StopTimeout f_Config_Shell
	unset f_HostConfig_Mounts f_HostConfig_Tmpfs f_HostConfig_Sysctls f_HostConfig_Init f_HostConfig_Annotations
	# shellcheck source=/dev/null
	. "$c/static"
	# shellcheck source=/dev/null
	. "$c/dynamic"
	device=$PREFIX-$c_Hash
}

save_state() { # STATUS RUNNING PID STARTED FINISHED EXITCODE ERROR-AS-JSON [PAUSED]
	{
		printf "f_State_Status='\"%s\"' f_State_Running=%s f_State_Pid=%s f_State_StartedAt='\"%s\"' f_State_FinishedAt='\"%s\"' f_State_ExitCode=%s f_State_Paused=%s\n" "$1" "$2" "$3" "$4" "$5" "$6" "${8:-false}"
		printf "f_State_Error='%s'\nc_ByHand=%s\n" "$7" "${c_ByHand-}"
	} >"$c/dynamic.new" && mv -f "$c/dynamic.new" "$c/dynamic"
}
unquoted() { value=${1#\"} value=${value%\"}; }

save_by_hand() {
	{
		grep -v '^c_ByHand=' "$c/dynamic"
		echo 'c_ByHand=1'
	} >"$c/dynamic.new" && mv -f "$c/dynamic.new" "$c/dynamic"
}
replace_lines() { # KEY VALUE…: of the loaded container's record; values are harmless to sed and the shell
	edits=
	while [ $# -gt 0 ]; do
		edits="$edits${edits:+;}s|^$1=.*|$1='$2'|"
		shift 2
	done
	sed "$edits" "$c/static" >"$c/static.new" && mv -f "$c/static.new" "$c/static"
}

start_failed() { # REASON-AS-JSON-TEXT
	unquoted "$f_State_StartedAt"
	started=$value
	unquoted "$f_State_FinishedAt"
	save_state exited false 0 "$started" "$value" "$f_State_ExitCode" "\"$1\""
	reason=$(printf '%b' "$1")
	return 1
}

# What has happened to containers: event, id, name, volumes.
happened() { printf '%s %s %s %s\n' "$1" "$id" "$c_Name" "$c_Volumes" >>"$state/events"; }

# The program `append FILE` writes a line when it starts and when it is asked to stop.
appends() { # WORD
	[ -n "$c_Appends" ] || return 0
	for mount in $c_Volumes; do
		at=${mount#*=}
		case $at in *=rw) ;; *) continue ;; esac
		case $c_Appends in "${at%=*}"/*) printf '%s %s\n' "$c_Name" "$1" >>"$root$vroot/${mount%%=*}/_data/${c_Appends#"${at%=*}"/}" ;; esac
	done
}

start_container() { # sets `reason` when it fails
	[ "$f_State_Running" = false ] || return 0
	for mount in $c_Volumes; do
		mount_volume "${mount%%=*}" || {
			start_failed "$reason"
			return 1
		}
	done
	where=$ROOT/devicemapper/mnt/$c_Hash
	get "$state/next-pid"
	pid=$value
	put "$state/next-pid" "$((pid + 1))"
	if [ "$DRIVER" = devicemapper ]; then
		if [ -d "$state/dm/$device" ]; then
			rm -f "$state/dm/$device/deferred"
		else
			get "$state/daemon/sizes/$c_Hash"
			map "$device" "0 $((value / 512)) thin $POOLNUM $c_Device"
		fi
		get "$state/dm/$device/number"
		minor=${value#*:}
		read -r _ length _ _ id _ <"$state/dm/$device/table"
		get "$state/thin/$id/bytes"
		total=$value
		get "$state/thin/$id/kind"
		kind=$value
		get "$state/thin/$id/block"
		block=${value:-4096}
		if [ "$total" -gt "$((length * 512))" ]; then
			if [ "$kind" = xfs ]; then
				start_failed "Failed to mount; dmesg: <5>[   58.191916] XFS (dm-$minor): Unmounting Filesystem\\n<6>[   59.562976] dockerd: attempt to access beyond end of device\\n<6>[   59.562976] dm-$minor: rw=4096, sector=$((total / 512 - 1)), nr_sectors = 1 limit=$length\\n<4>[   59.564602] XFS (dm-$minor): last sector read failed\\n: mount /dev/mapper/$device:$where, data: nouuid: input/output error"
			else
				start_failed "Failed to mount; dmesg: <6>[   58.569826] EXT4-fs (dm-$minor): resized filesystem to $((total / block))\\n<6>[   58.898826] EXT4-fs (dm-$minor): unmounting filesystem.\\n<4>[   59.354303] EXT4-fs (dm-$minor): bad geometry: block count $((total / block)) exceeds size of device ($((length * 512 / block)) blocks)\\n: mount /dev/mapper/$device:$where: invalid argument"
			fi
			return 1
		fi
		mkdir -p "$root$where"
		mount_line "$device" "$kind" "$where" >>"$root/proc/self/mountinfo"
		line="104 82 $(cat "$state/dm/$device/number") /rootfs / rw,relatime master:38 - $kind /dev/mapper/$device rw"
	else
		line="104 82 0:50 / / rw,relatime master:38 - overlay overlay rw,upperdir=$ROOT/overlay2/$c_Hash/diff"
	fi
	mkdir -p "$root/proc/$pid"
	printf '%s\n' "$line" >"$root/proc/$pid/mountinfo"
	happened start
	c_ByHand=
	appends started
	save_state running true "$pid" "$(now)" 0001-01-01T00:00:00Z 0 '""'
}

stop_container() { # [keep]: the device stays, as it does in a restart; [kill]: the program is not asked to stop
	[ "$f_State_Running" = true ] || return 0
	[ "${1-}" = kill ] || appends stopped
	happened stop
	rm -rf "$root/proc/$f_State_Pid"
	if [ "$DRIVER" = devicemapper ]; then
		unmount "$ROOT/devicemapper/mnt/$c_Hash"
		mounts_of "$device"
		if [ "${1-}" = keep ]; then :; elif [ "$count" -gt 0 ]; then : >"$state/dm/$device/deferred"; else unmap "$device"; fi
	fi
	unquoted "$f_State_StartedAt"
	save_state exited false 0 "$value" "$(now)" 137 '""'
}

remove_container() { # the loaded one, which does not run
	grep -v "^$id\$" "$state/order" >"$state/order.new" || :
	mv -f "$state/order.new" "$state/order"
	happened rm
	forget_container
}
forget_container() {
	case $DRIVER in
	devicemapper) unsupported 'docker rm with devicemapper' ;;
	overlay2)
		rm -f "$state/projects/$c_Hash" "$state/projects/$c_Hash-init"
		rm -rf "$root$ROOT/overlay2/$c_Hash"
		;;
	esac
	rm -rf "$c" "$root$ROOT/containers/$id"
}

# What Docker keeps of the loaded container on the disk, as far as anybody reads it.
write_config() {
	mounts='' sep=
	for mount in $c_Volumes; do
		at=${mount#*=}
		mounts="$mounts$sep\"${at%=*}\":{\"Source\":\"\",\"Destination\":\"${at%=*}\",\"RW\":true,\"Name\":\"${mount%%=*}\",\"Driver\":\"local\"}" sep=,
	done
	mkdir -p "$root$ROOT/containers/$id"
	put "$root$ROOT/containers/$id/config.v2.json" "{\"ID\":\"$id\",\"Name\":\"/$c_Name\",\"Driver\":\"$DRIVER\",\"MountPoints\":{$mounts}}"
}

all_containers() { # FUNCTION
	while read -r id; do
		load_container "$id"
		"$1"
	done <"$state/order"
}

daemon_stop() {
	running_daemon || return 0
	get "$state/daemon/live-restore"
	if [ "$value" != true ]; then all_containers stop_container; fi
	get "$root/run/docker.pid"
	rm -rf "$root/proc/${value:-none}" "$root/run/docker.pid"
	put "$state/daemon/status" inactive
	put_pool_away
}

# A pool on loop files that nobody uses is removed when the daemon stops, and the loop devices with it. It is made anew,
# as large as its files.
put_pool_away() {
	[ -n "$POOL_FILES" ] && [ -d "$state/dm/$POOL" ] || return 0
	for d in "$state"/dm/*/table; do
		read -r _ _ target at _ <"$d" || :
		[ "$target:$at" != "thin:$POOLNUM" ] || return 0
	done
	rm -f "$state/dm/$POOL/inactive" "$state/dm/$POOL/suspended" "$state/loop/0" "$state/loop/1"
	mv "$state/dm/$POOL" "$state/pool-away"
}
make_pool() {
	[ -d "$state/pool-away" ] || return 0
	get "$root$ROOT/devicemapper/devicemapper/metadata"
	put "$state/loop/1" "$value"
	put "$state/meta-total" "$((value / 4096))"
	get "$root$ROOT/devicemapper/devicemapper/data"
	put "$state/loop/0" "$value"
	put "$state/pool-sectors" "$((value / 512))"
	read -r _ _ rest <"$state/pool-away/table"
	put "$state/pool-away/table" "0 $((value / 512)) $rest"
	rm -f "$state/pool-mode"
	mv "$state/pool-away" "$state/dm/$POOL"
}

# One record: {"device_id":4,"size":335544320,…}; anything else stops the whole daemon.
read_record() {
	get "$1"
	case $value in '{"device_id":'[0-9]*',"size":'[0-9]*'}') ;; *) return 1 ;; esac
	size=${value#*'"size":'} size=${size%%[!0-9]*}
}

# The base device takes the size that daemon.json asks for. It only grows; without one it stays.
grow_base() {
	[ -e "$root/etc/docker/daemon.json" ] || return 0
	asked=$(sed -n 's/.*"dm\.basesize=\([^"]*\)".*/\1/p' "$root/etc/docker/daemon.json")
	[ -n "$asked" ] || return 0
	ram_bytes "$asked" || return 1
	asked=$size
	read_record "$root$ROOT/devicemapper/metadata/base" && [ "$asked" -ge "$size" ] || return 1
	[ "$asked" = "$size" ] || (
		umask 077
		put "$root$ROOT/devicemapper/metadata/base" "{\"device_id\":1,\"size\":$asked,\"transaction_id\":1,\"initialized\":true,\"deleted\":false}"
	)
}

# What has never run is left alone, whatever its policy is (moby's HasBeenStartedBefore).
start_again() {
	case $f_State_StartedAt in '"0001-'*) return 0 ;; esac
	unquoted "$f_RestartPolicyName"
	case $value:$c_ByHand:$f_State_ExitCode in always:* | unless-stopped::* | on-failure:*:[1-9]*) start_container || : ;; esac
}

# The driver that daemon.json names, or the host's own one. Each sees its own containers and images only.
take_driver() {
	case $KIND in dm-*) own=devicemapper ;; overlay2-*) own=overlay2 ;; *) return 0 ;; esac
	next='' opts=
	if [ -e "$root/etc/docker/daemon.json" ]; then
		next=$(sed -n 's/.*"storage-driver": *"\([^"]*\)".*/\1/p' "$root/etc/docker/daemon.json")
		opts=$(grep -o '"[a-z0-9]*\.[a-z0-9_]*=[^"]*"' "$root/etc/docker/daemon.json")
	fi
	next=${next:-$own} prefix=$next
	case $next in
	devicemapper)
		[ "$own" = devicemapper ] || return 1
		prefix=dm
		;;
	overlay2 | vfs) ;;
	*) return 1 ;;
	esac
	# An option that the driver does not know keeps it from starting.
	[ -z "$(printf '%s\n' "$opts" | grep . | grep -v "^\"$prefix\.")" ] || return 1
	[ "$next" != "$DRIVER" ] || return 0
	for kept in order images; do mv "$state/$kept" "$state/$kept.$DRIVER"; done
	if [ -e "$state/order.$next" ]; then
		for kept in order images; do mv "$state/$kept.$next" "$state/$kept"; done
	else
		: >"$state/order"
		mkdir "$state/images"
	fi
	[ -s "$state/order.$DRIVER" ] || ! rmdir "$state/images.$DRIVER" 2>/dev/null || rm -f "$state/order.$DRIVER"
	DRIVER=$next
	sed "s/^DRIVER=.*/DRIVER=$next/" "$state/host" >"$state/host.new" && mv -f "$state/host.new" "$state/host"
}

daemon_start() {
	! running_daemon || return 0
	take_driver || {
		put "$state/daemon/status" activating
		return 1
	}
	if [ "$DRIVER" = devicemapper ]; then
		grow_base || {
			put "$state/daemon/status" activating
			return 1
		}
		for record in "$root$ROOT"/devicemapper/metadata/*; do
			hash=${record##*/}
			case $hash in *.migrated | deviceset-metadata | transaction-metadata | '*') continue ;; esac
			read_record "$record" || {
				put "$state/daemon/status" activating
				return 1
			}
			put "$state/daemon/sizes/$hash" "$size"
		done
	fi
	read_volumes || {
		put "$state/daemon/status" activating
		return 1
	}
	[ "$DRIVER" != devicemapper ] || make_pool
	put "$state/daemon/status" active
	get "$state/next-pid"
	put "$state/next-pid" "$((value + 1))"
	mkdir -p "$root/proc/$value"
	# When it started, in hundredths of a second since the machine did, is what facts read of it.
	read -r ticks _ </proc/uptime
	printf '%s (dockerd) S 1%s %s%s 0\n' "$value" ' 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0' "${ticks%.*}" "${ticks#*.}" >"$root/proc/$value/stat"
	printf '/usr/sbin/dockerd\000-H\000fd://\000' >"$root/proc/$value/cmdline"
	printf '%s\n' "$value" >"$root/run/docker.pid"
	all_containers start_again
}
