# shellcheck shell=sh
# On this machine: enters control groups of its own, and starts boot.sh as the first process of its own namespaces.
# $1 is the control groups' name; the rest is boot.sh and its arguments.
set -eu
group=$1
shift
while read -r _ at type _; do
	case $type in cgroup | cgroup2) ;; *) continue ;; esac
	for controller in $(cat "$at/cgroup.controllers" 2>/dev/null); do echo "+$controller" >"$at/cgroup.subtree_control" || :; done
	mkdir -p "$at/$group"
	# Without processors and memory of its own nothing may enter it.
	for set in cpuset.cpus cpuset.mems; do [ "$type" = cgroup2 ] || [ ! -f "$at/$set" ] || cat "$at/$set" >"$at/$group/$set"; done
	echo $$ >"$at/$group/cgroup.procs"
done </proc/mounts
exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child --propagation private sh "$@"
