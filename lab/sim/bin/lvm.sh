# shellcheck shell=sh
# shellcheck disable=SC2154 # of whoever sources it, or of a file that it sources: state
# LVM's side of a pool that it owns: one thin pool, docker/thinpool, and what its volume group has free. Sourced by lvs,
# vgs, lvextend, lvchange.
[ -e "$state/lvm" ] || unsupported "$*"
extent=4194304
read_lvm() {
	read -r line <"$state/lvm"
	for pair in $line; do
		case $pair in data=*) data=${pair#*=} ;; meta=*) meta=${pair#*=} ;; spare=*) spare=${pair#*=} ;; free=*) free=${pair#*=} ;; esac
	done
}
write_lvm() { put "$state/lvm" "data=$data meta=$meta spare=$spare free=$free"; }
whole() { echo "$((($1 + extent - 1) / extent))"; }
