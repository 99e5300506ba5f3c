#!/bin/sh
# In the place of tar and zstd on the machine: dies in the middle of an archive, or takes its time, when a test has
# asked for it.
me=${0##*/}
case " $* " in
*' -cf '* | *' -c '*)
	# Where tar runs nothing of /run can be reached, and nothing can be removed.
	if [ -e "/usr/local/lib/$me-dies" ]; then
		head -c 100000 /dev/zero
		kill -9 $$
	fi
	[ ! -e "/run/$me-hangs" ] || {
		rm "/run/$me-hangs"
		sleep 1000
	}
	[ ! -e "/run/$me-waits" ] || { while [ -e "/run/$me-waits" ]; do sleep 0.1; done; }
	;;
esac
exec "/usr/bin/$me.real" "$@"
