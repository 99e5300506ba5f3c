# shellcheck shell=sh
# shellcheck disable=SC2154 # of whoever sources it, or of a file that it sources: state, tool
# Writes down that a simulated tool was called, where somebody wants to know (state/calls), and by whom: work or not.
# What one tool calls of another is its own affair; what sudo runs is not.
case ${SIM_WITHIN-}:$tool in
:sudo | :runuser) ;;
:*)
	SIM_WITHIN=$tool
	export SIM_WITHIN
	printf '%s\0' "$#" "${SIM_WORK--}" "$tool" "$@" >>"$state/calls"
	;;
esac
