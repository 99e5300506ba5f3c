# `base` prints the bytes of the base device, as the daemon has written them down; and what controls the daemon.
# shellcheck disable=SC2154 # of whoever sources it: root

base() { sed -n 's/.*"size":\([0-9]*\).*/\1/p' "$root/devicemapper/metadata/base"; }
. ../restart/control.sh
