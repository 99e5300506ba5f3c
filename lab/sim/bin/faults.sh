# Lines of PATTERN<TAB>ACTION<TAB>ARGUMENT: what goes wrong with a call whose arguments match.
while IFS='	' read -r pattern action argument; do
	# shellcheck disable=SC2254 # a pattern is wanted
	case "$*" in $pattern) ;; *) continue ;; esac
	case $action in
	delay) sleep "$argument" ;;
	hang) while :; do sleep 1; done ;;
	fail) printf 'sim: %s fails as it was told to\n' "$tool" >&2; exit "$argument" ;;
	print) printf '%b\n' "$argument" ;;
	flood) yes 'this line comes again and again' | head -c "$argument" ;;
	*) unsupported "fault $action" ;;
	esac
done <"$state/faults/$tool"
