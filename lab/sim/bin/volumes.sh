# shellcheck shell=sh
# shellcheck disable=SC2154 # of whoever sources it, or of a file that it sources: c_Volumes, root, state
# shellcheck disable=SC2034 # for whoever sources it, or a file that it sources: f_CreatedAt, f_Driver, f_Labels,
# f_Mountpoint, f_Name, f_Options, f_Scope, reason
# shellcheck disable=SC2046 # the words of what is printed are wanted
# What dockerd does with volumes of the local driver. `volumes/NAME` below its root is real; `state/volumes/NAME` is
# what its database keeps; `daemon/volumes` (sizes) and `daemon/projects` (ids of directories) are what it holds in
# memory.
vroot=$ROOT/volumes

volume_names() { # one on each line, sorted
	for d in "$root$vroot"/*/; do
		[ ! -d "$d" ] || {
			d=${d%/}
			printf '%s\n' "${d##*/}"
		}
	done
}
volume_exists() {
	case $1 in '' | *[!A-Za-z0-9_.-]*) return 1 ;; esac
	[ -d "$root$vroot/$1" ]
}

load_volume() { # NAME: sets f_…, for templates
	f_Labels=null f_Options=null f_CreatedAt=\"\"
	# shellcheck source=/dev/null
	[ ! -e "$state/volumes/$1" ] || . "$state/volumes/$1"
	f_Name=\"$1\" f_Driver='"local"' f_Scope='"local"' f_Mountpoint=\"$root$vroot/$1/_data\"
}

# Sets `size` to the bytes that an opts.json limits its volume to, or empties it; fails when it is no such file.
read_options() {
	size=
	get "$1"
	case $value in '{'*'"Quota":{"Size":'[0-9]*'}}') ;; *) return 1 ;; esac
	size=${value##*'"Size":'} size=${size%%\}*}
	case $size in '' | *[!0-9]*) return 1 ;; 0) size= ;; esac
}

ram_bytes() { # TEXT: as Docker reads a size; sets `size`
	digits=${1%%[!0-9]*} unit=${1#"${1%%[!0-9]*}"}
	[ -n "$digits" ] || return 1
	case $unit in
	'' | b | B) shift_by=0 ;;
	[kK] | [kK][bB] | [kK][iI][bB]) shift_by=10 ;;
	[mM] | [mM][bB] | [mM][iI][bB]) shift_by=20 ;;
	[gG] | [gG][bB] | [gG][iI][bB]) shift_by=30 ;;
	[tT] | [tT][bB] | [tT][iI][bB]) shift_by=40 ;;
	*) return 1 ;;
	esac
	size=$((digits << shift_by))
}

has_quotas() { [ "$KIND" = overlay2-pquota ]; }

text_json() { # TEXT: sets `value` to it as JSON
	value=$1
	case $value in *[\\\"]* | *'{'*) value=$(printf '%s' "$value" | sed 's/[\\"]/\\&/g; s/{/\\u007b/g') ;; esac
	value=\"$value\"
}

create_volume() { # NAME OPTIONS-AS-JSON LABELS-AS-JSON SIZE-IN-BYTES; what exists stays as it is, whatever is asked for
	! volume_exists "$1" || return 0
	case $1 in
	?)
		reason="create $1: volume name is too short, names should be at least two alphanumeric characters"
		return 1
		;;
	esac
	case $1 in
	[!A-Za-z0-9]* | *[!A-Za-z0-9_.-]*)
		reason="create $1: \"$1\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path"
		return 1
		;;
	esac
	if [ -n "$4" ] && ! has_quotas; then
		reason="create $1: quota size requested but no quota support"
		return 1
	fi
	mkdir -p "$root$vroot" && mkdir -m 701 "$root$vroot/$1" && mkdir -m 755 "$root$vroot/$1/_data"
	if [ "$2" != null ]; then
		printf '{"MountType":"","MountOpts":"","MountDevice":"","Quota":{"Size":%s}}' "${4:-0}" >"$root$vroot/$1/opts.json"
		chmod 600 "$root$vroot/$1/opts.json"
		[ -z "$4" ] || put "$state/daemon/volumes/$1" "$4"
	fi
	put "$state/volumes/$1" "f_Labels='$(printf '%s' "$3" | sed "s/'/'\\\\''/g")' f_Options='$2' f_CreatedAt='\"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"'"
}

# The daemon remembers the directories that have a project, and gives a directory one only when it does not know it:
# that of a volume which was removed and made again under its name stays without one. The limit is set whenever it is
# mounted.
mount_volume() { # NAME
	if [ ! -d "$root$vroot/$1/_data" ]; then
		reason="error evaluating symlinks from mount source \\\"$vroot/$1/_data\\\": lstat $vroot/$1/_data: no such file or directory"
		return 1
	fi
	get "$state/daemon/volumes/$1"
	[ -n "$value" ] || return 0
	size=$value
	get "$state/daemon/projects/$1"
	if [ -z "$value" ]; then
		get "$state/next-project"
		put "$state/next-project" "$((value + 1))"
		# What lies there already is never charged.
		put "$state/projects/uncharged:$1" "$(
			set -- $(du -sk "$root$vroot/$1/_data")
			echo "$(($1 - 4 > 0 ? $1 - 4 : 0))"
		)"
		put "$state/projects/volume:$1" "$value"
		put "$state/daemon/projects/$1" "$value"
	fi
	put "$state/quota/$value" "0 $((size / 1024)) $((size / 1024))"
}

# What an archive of a path in the loaded container does: all of its volumes are mounted. Prints the tar archive of a
# volume.
archive() { # PATH
	found=
	for mount in $c_Volumes; do
		mount_volume "${mount%%=*}" || return 1
		at=${mount#*=} at=${at%=*}
		[ "$at" != "${1%/}" ] || found=${mount%%=*}
	done
	if [ -z "$found" ]; then
		reason="Could not find the file $1 in container $id"
		return 1
	fi
	tar -C "$root$vroot/$found/_data" -cf - .
}

# Sets `project` of a path, as the host calls it, and `charged` to the KiB that count if it is a volume's.
project_of() {
	project='' charged=
	case $1 in
	"$ROOT"/overlay2/?*)
		layer=${1#"$ROOT"/overlay2/}
		get "$state/projects/${layer%%/*}"
		project=$value
		;;
	"$vroot"/*/_data | "$vroot"/*/_data/*)
		volume=${1#"$vroot"/} volume=${volume%%/*}
		get "$state/projects/volume:$volume"
		project=$value
		[ -z "$project" ] || charged_of "$volume"
		;;
	esac
}
charged_of() { # NAME
	get "$state/projects/uncharged:$1"
	set -- "$value" $(du -sk "$root$vroot/$1/_data" 2>/dev/null)
	charged=$((${2:-4} - 4 - ${1:-0}))
	[ "$charged" -ge 0 ] || charged=0
}

remove_volume() { # NAME
	users=
	while read -r id; do
		# shellcheck source=/dev/null
		. "$state/containers/$id/static"
		case " $c_Volumes" in *" $1="*) users="$users${users:+, }$id" ;; esac
	done <"$state/order"
	if [ -n "$users" ]; then
		reason="remove $1: volume is in use - [$users]"
		return 1
	fi
	rm -f "$state/daemon/volumes/$1" "$state/volumes/$1"
	rm -rf "${root:?}$vroot/$1"
	# The limit of the project stays, and so does what the daemon remembers of the directory.
	rm -f "$state/projects/volume:$1" "$state/projects/uncharged:$1"
}

# What the daemon knows of volumes once it has started: their files.
read_volumes() {
	rm -rf "$state/daemon/volumes" "$state/daemon/projects"
	mkdir "$state/daemon/volumes" "$state/daemon/projects"
	next=2
	for d in "$root$vroot"/*/; do
		[ -d "$d" ] || continue
		name=${d%/} name=${name##*/}
		if [ -e "$d/opts.json" ]; then
			read_options "$d/opts.json" || return 1
			[ -z "$size" ] || put "$state/daemon/volumes/$name" "$size"
		fi
		get "$state/projects/volume:$name"
		[ -z "$value" ] || put "$state/daemon/projects/$name" "$value"
	done
	for d in "$state"/projects/*; do
		case $d in */uncharged:* | */'*') continue ;; esac
		get "$d"
		[ "$value" -lt "$next" ] || next=$((value + 1))
	done
	put "$state/next-project" "$next"
}
