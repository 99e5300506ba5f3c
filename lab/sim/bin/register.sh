#!/bin/sh
# ID NAME DIRECTORY: makes a container of what engine/create.mjs has put into the directory. Failures are a status of
# HTTP and a message.
# shellcheck source=common.sh
. "${0%/*}/common.sh"
# shellcheck source=daemon.sh
. "$SIM_BIN/daemon.sh"
running_daemon || {
	printf '500 the daemon is away\n' >&2
	exit 1
}
[ "$DRIVER" != devicemapper ] || {
	printf '501 sim: containers cannot be created with devicemapper\n' >&2
	exit 1
}
while read -r other; do
	# shellcheck source=/dev/null
	. "$state/containers/$other/static"
	[ "$c_Name" != "$2" ] || {
		printf '409 Conflict. The container name "/%s" is already in use by container "%s". You have to remove (or rename) that container to be able to reuse that name.\n' "$2" "$other" >&2
		exit 1
	}
done <"$state/order"
f_HostConfig_StorageOpt=
# shellcheck source=/dev/null
. "$3/static"
for mount in $c_Volumes; do
	create_volume "${mount%%=*}" null null '' || {
		printf '400 %s\n' "$reason" >&2
		exit 1
	}
done
if [ "$DRIVER" = overlay2 ]; then
	mkdir -p "$root$ROOT/overlay2/$c_Hash/diff"
	: >"$root$ROOT/overlay2/$c_Hash/diff/.keep"
	case ${f_HostConfig_StorageOpt-} in
	'' | null | '{}') ;;
	'{"size":"'*'"}')
		text=${f_HostConfig_StorageOpt#'{"size":"'}
		ram_bytes "${text%'"}'}" || {
			printf '400 invalid size\n' >&2
			exit 1
		}
		has_quotas || {
			printf "400 --storage-opt is supported only for overlay over xfs with 'pquota' mount option.\n" >&2
			exit 1
		}
		get "$state/next-project"
		put "$state/next-project" "$((value + 2))"
		put "$state/quota/$value" "8 $((size / 1024)) $((size / 1024))"
		put "$state/quota/$((value + 1))" "8 $((size / 1024)) $((size / 1024))"
		put "$state/projects/$c_Hash" "$((value + 1))"
		;;
	*)
		printf '400 unknown storage option\n' >&2
		exit 1
		;;
	esac
fi
mv "$3" "$state/containers/$1"
{
	printf '%s\n' "$1"
	cat "$state/order"
} >"$state/order.new" && mv -f "$state/order.new" "$state/order"
id=$1
write_config
happened create
