# shellcheck shell=sh
# In the bare root file system, as the user: clones the repository, and runs in it what was asked for, or what README
# names.
set -u
here=
for program in rsync getfattr setfattr getfacl setfacl busybox ssh sshd ssh-keygen sudo python3 age zstd etcd docker \
	dmsetup mount losetup mkfs.ext4 mkfs.xfs openssl ps; do
	PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$program" >/dev/null && here="$here $program"
done
[ -z "$here" ] || {
	echo "this is not bare: there is$here" >&2
	exit 1
}

timed() {
	began=$(date +%s)
	printf '\n== %s\n' "$*"
	"$@"
	set -- $? "$*"
	printf '== %s: exit status %s after %s s\n' "$2" "$1" $(($(date +%s) - began))
	return "$1"
}

cd || exit
timed git clone --quiet -c advice.detachedHead=false /srv/plimsoll.git plimsoll || exit
cd plimsoll || exit
if [ $# -gt 0 ]; then
	timed "$@"
	exit
fi
failed=0
timed npm run demo || failed=$?
timed npm test || failed=$?
exit $failed
