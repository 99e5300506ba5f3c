# shellcheck shell=sh
# The first process of the machine: when it ends the kernel ends all others. $1 is the host's name, $2 daemon.json.
set -eu
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
umount -l /.host
rmdir /.host
hostname "$1"
echo "$1" >/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$1" >/etc/hosts
ip link set lo up
mkdir -p /etc/docker
printf '%s\n' "$2" >/etc/docker/daemon.json
dockerd >/var/log/dockerd.log 2>&1 </dev/null &
daemon=$!
until docker version >/dev/null 2>&1; do
	[ -e /proc/$daemon/exe ] || {
		echo 'dockerd has ended:' >&2
		tail -n 15 /var/log/dockerd.log >&2
		exit 1
	}
	sleep 0.1
done
docker import /opt/lab/busybox.tar busybox:lab >/dev/null
echo ready
# It has to wait for the children of others, too, which a waiting shell does.
while :; do sleep 1000000; done
