#!/bin/sh
# Stands in for a program that work on a simulated host calls: writes down what it was called with, and becomes it.
# SIM_CALLED: where. What that program calls itself is its own affair, and not written down.
own=${0##*/}
case $own in bin_sh) name=/bin/sh ;; *) name=$own ;; esac
PATH=${PATH#"${0%/*}":}
if [ -n "${SIM_CALLED-}" ]; then
	log=$SIM_CALLED
	unset SIM_CALLED
	input=-
	if [ -p /dev/stdin ]; then
		input=$log.in.$$
		cat >"$input"
		printf '%s\0' "$#" "$input" "$name" "$@" >>"$log"
		exec "$name" "$@" <"$input"
	fi
	printf '%s\0' "$#" "$input" "$name" "$@" >>"$log"
fi
exec "$name" "$@"
