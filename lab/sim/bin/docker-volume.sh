# shellcheck shell=sh
# shellcheck disable=SC2154 # of whoever sources it, or of a file that it sources: call, f_CreatedAt, f_Labels,
# f_Mountpoint, f_Name, f_Options, nl, reason, state, verb
# `docker volume …`, sourced by docker.
say_error() { printf 'Error response from daemon: %s\n' "$1" >&2; }
no_volume() {
	case $verb:$VERSION in
	*:28.*) say_error "get $1: no such volume" ;;
	inspect:*) printf 'Error: No such volume: %s\n' "$1" >&2 ;;
	*) printf 'Error: No such volume: %s\n' "$1" >&2 ;;
	esac
}
# KEY=VALUE lines to a JSON object, in the order of the keys.
pairs_json() {
	out='' sep=
	while IFS= read -r pair; do
		[ -n "$pair" ] || continue
		text_json "${pair%%=*}"
		out=$out$sep$value:
		case $pair in *=*) text_json "${pair#*=}" ;; *) value='""' ;; esac
		out=$out$value sep=,
	done
	printf '{%s}' "$out"
}

case $verb in
create)
	name='' labels='' options='' size=
	while [ $# -gt 0 ]; do
		case $1 in
		--name)
			name=$2
			shift
			;;
		--name=*) name=${1#*=} ;;
		--driver | -d)
			[ "$2" = local ] || unsupported "$call"
			shift
			;;
		--driver=local) ;;
		--label)
			labels=$labels$2$nl
			shift
			;;
		--label=*) labels=$labels${1#*=}$nl ;;
		--opt | -o)
			options=$options$2$nl
			shift
			;;
		--opt=*) options=$options${1#*=}$nl ;;
		--)
			shift
			break
			;;
		-*) unsupported "$call" ;;
		*) break ;;
		esac
		shift
	done
	[ $# -le 1 ] || unsupported "$call"
	name=${1:-$name}
	[ -n "$name" ] || unsupported "$call (without a name)"
	reachable || exit 1
	case $options in
	'') options=null ;;
	size=*"$nl"?*) unsupported "$call" ;;
	size=*)
		text=${options#size=} text=${text%"$nl"}
		ram_bytes "$text" || {
			say_error "create $name: invalid size: '$text'"
			exit 1
		}
		options="{\"size\":\"$text\"}"
		;;
	*) unsupported "$call" ;;
	esac
	if [ -z "$labels" ]; then labels='{}'; else labels=$(printf '%s' "$labels" | sort | pairs_json); fi
	[ "$options" != null ] || [ "$labels" != '{}' ] || case $VERSION in 28.*) labels=null ;; esac
	create_volume "$name" "$options" "$labels" "$size" || {
		say_error "$reason"
		exit 1
	}
	printf '%s\n' "$name"
	;;
ls)
	quiet='' format=
	while [ $# -gt 0 ]; do
		case $1 in
		-q | --quiet) quiet=1 ;;
		--format)
			format=$2
			shift
			;;
		--format=*) format=${1#*=} ;;
		*) unsupported "$call" ;;
		esac
		shift
	done
	reachable || exit 1
	[ -n "$quiet$format" ] || printf 'DRIVER    VOLUME NAME\n'
	for name in $(volume_names); do
		load_volume "$name"
		if [ -n "$quiet" ]; then
			printf '%s\n' "$name"
		elif [ -n "$format" ]; then
			render "$format"
			printf '%s\n' "$out"
		else
			printf 'local     %s\n' "$name"
		fi
	done
	;;
inspect)
	format=
	while [ $# -gt 0 ]; do
		case $1 in
		--format | -f)
			format=$2
			shift
			;;
		--format=*) format=${1#*=} ;;
		--)
			shift
			break
			;;
		-*) unsupported "$call" ;;
		*) break ;;
		esac
		shift
	done
	options_end "$@"
	reachable || {
		[ -n "$format" ] || echo '[]'
		exit 1
	}
	list='' sep='' status=0
	for name in "$@"; do
		volume_exists "$name" || {
			no_volume "$name" 2>>"$state/errors.$$"
			status=1
			continue
		}
		load_volume "$name"
		f="{\"CreatedAt\":$f_CreatedAt,\"Driver\":\"local\",\"Labels\":$f_Labels,\"Mountpoint\":$f_Mountpoint,\"Name\":$f_Name,\"Options\":$f_Options,\"Scope\":\"local\"}"
		if [ -n "$format" ]; then
			render "$format"
			printf '%s\n' "$out"
		else
			list=$list$sep$f sep=,
		fi
	done
	[ -n "$format" ] || printf '[%s]\n' "$list"
	[ "$status" = 0 ] || {
		cat "$state/errors.$$" >&2
		rm -f "$state/errors.$$"
	}
	exit "$status"
	;;
rm)
	[ "${1-}" != -- ] || shift
	case ${1-} in -*) unsupported "$call" ;; esac
	options_end "$@"
	reachable || exit 1
	status=0
	for name in "$@"; do
		volume_exists "$name" || {
			no_volume "$name"
			status=1
			continue
		}
		if remove_volume "$name"; then
			printf '%s\n' "$name"
		else
			say_error "$reason"
			status=1
		fi
	done
	exit "$status"
	;;
*) unsupported "$call" ;;
esac
