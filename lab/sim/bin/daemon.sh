# What dockerd does, for docker and systemctl. The records in $ROOT are real files; `daemon/sizes` is what it holds in memory.
now() { date -u +%Y-%m-%dT%H:%M:%S.%NZ; }
running_daemon() { get "$state/daemon/status"; [ "$value" = active ]; }

# Sets the fields of a container: c (directory), c_Name, c_Hash, f_….
load_container() {
	c=$state/containers/$1
	. "$c/static"
	. "$c/dynamic"
	device=$PREFIX-$c_Hash
}

save_state() { # STATUS RUNNING PID STARTED FINISHED EXITCODE ERROR-AS-JSON [PAUSED]
	{
		printf "f_State_Status='\"%s\"' f_State_Running=%s f_State_Pid=%s f_State_StartedAt='\"%s\"' f_State_FinishedAt='\"%s\"' f_State_ExitCode=%s f_State_Paused=%s\n" "$1" "$2" "$3" "$4" "$5" "$6" "${8:-false}"
		printf "f_State_Error='%s'\n" "$7"
	} >"$c/dynamic.new" && mv -f "$c/dynamic.new" "$c/dynamic"
}
unquoted() { value=${1#\"} value=${value%\"}; }

start_failed() { # REASON-AS-JSON-TEXT
	unquoted "$f_State_StartedAt"; started=$value
	unquoted "$f_State_FinishedAt"
	save_state exited false 0 "$started" "$value" "$f_State_ExitCode" "\"$1\""
	reason=$(printf '%b' "$1")
	return 1
}

start_container() { # sets `reason` when it fails
	[ "$f_State_Running" = false ] || return 0
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
		get "$state/dm/$device/number"; minor=${value#*:}
		read -r _ length _ _ id _ <"$state/dm/$device/table"
		get "$state/thin/$id/bytes"; total=$value
		get "$state/thin/$id/kind"; kind=$value
		get "$state/thin/$id/block"; block=${value:-4096}
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
	save_state running true "$pid" "$(now)" 0001-01-01T00:00:00Z 0 '""'
}

stop_container() { # [keep]: the device stays, as it does in a restart
	[ "$f_State_Running" = true ] || return 0
	rm -rf "$root/proc/$f_State_Pid"
	if [ "$DRIVER" = devicemapper ]; then
		unmount "$ROOT/devicemapper/mnt/$c_Hash"
		mounts_of "$device"
		if [ "${1-}" = keep ]; then :; elif [ "$count" -gt 0 ]; then : >"$state/dm/$device/deferred"; else unmap "$device"; fi
	fi
	unquoted "$f_State_StartedAt"
	save_state exited false 0 "$value" "$(now)" 137 '""'
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
	rm -f "$root/run/docker.pid"
	put "$state/daemon/status" inactive
}

# One record: {"device_id":4,"size":335544320,…}; anything else stops the whole daemon.
read_record() {
	get "$1"
	case $value in '{"device_id":'[0-9]*',"size":'[0-9]*'}') ;; *) return 1 ;; esac
	size=${value#*'"size":'} size=${size%%[!0-9]*}
}

start_again() {
	unquoted "$f_RestartPolicyName"
	case $value in always | unless-stopped) start_container || : ;; esac
}

daemon_start() {
	! running_daemon || return 0
	if [ "$DRIVER" = devicemapper ]; then
		for record in "$root$ROOT"/devicemapper/metadata/*; do
			hash=${record##*/}
			case $hash in *.migrated | deviceset-metadata | transaction-metadata | '*') continue ;; esac
			read_record "$record" || { put "$state/daemon/status" activating; return 1; }
			put "$state/daemon/sizes/$hash" "$size"
		done
	fi
	put "$state/daemon/status" active
	get "$state/next-pid"
	put "$state/next-pid" "$((value + 1))"
	printf '%s\n' "$value" >"$root/run/docker.pid"
	all_containers start_again
}
