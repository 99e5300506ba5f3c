# shellcheck shell=sh
# shellcheck disable=SC2154 # of whoever sources it, or of a file that it sources: state, tool
# Lines of PATTERN<TAB>ACTION<TAB>ARGUMENT<TAB>NAME: what goes wrong with a call whose arguments match, if it has a name
# only once.
while IFS='	' read -r pattern action argument name; do
	# shellcheck disable=SC2254 # a pattern is wanted
	case "$*" in $pattern) ;; *) continue ;; esac
	[ "$name" = - ] || mkdir "$state/faults/$name" 2>/dev/null || continue
	printf '%s %s\n' "$action" "$tool" >>"$state/faults/happened"
	case $action in
	delay) sleep "$argument" ;;
	hang) while :; do sleep 1; done ;;
	fail)
		printf 'sim: %s fails as it was told to\n' "$tool" >&2
		exit "$argument"
		;;
	print) printf '%b\n' "$argument" ;;
	flood) yes 'this line comes again and again' | head -c "$argument" ;;
	*) unsupported "fault $action" ;;
	esac
done <"$state/faults/$tool"
