base() { sed -n 's/.*"size":\([0-9]*\).*/\1/p' "$root/devicemapper/metadata/base"; }
. ./daemon.sh
