# shellcheck disable=SC2154 # of whoever sources it: root

base() { sed -n 's/.*"size":\([0-9]*\).*/\1/p' "$root/devicemapper/metadata/base"; }
. ./daemon.sh
