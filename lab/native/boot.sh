# shellcheck shell=sh
# In namespaces of its own: makes the root file system of a lab image the root, with everything that is written in
# memory, so that nothing is left when the last process has gone. $1 is the image, $2 init.sh, the rest is for that.
set -eu
image=$1 init=$(cat "$2")
shift 2
# /proc is this machine's yet, and so is the id that it gives.
read -r pid _ </proc/self/stat
echo "pid $pid"

at=/mnt
mount -t tmpfs -o mode=755 lab $at
mkdir $at/image $at/upper $at/work $at/docker $at/root
mount -o loop,ro,noload "$image" $at/image
mount -t overlay -o "lowerdir=$at/image,upperdir=$at/upper,workdir=$at/work" lab $at/root
cd $at/root
# Docker's layers cannot lie on an overlay.
mkdir -p var/lib/docker
mount --bind $at/docker var/lib/docker

mount -t tmpfs -o mode=755 run run
mkdir run/lock run/sshd
mount -t tmpfs -o mode=1777 tmp tmp
mount -t proc proc proc
mount -t sysfs sys sys
if [ "$(cat /proc/self/cgroup)" = 0::/ ]; then
	mount -t cgroup2 cgroup sys/fs/cgroup
	# What has processes of its own gives no controllers to others.
	mkdir sys/fs/cgroup/init
	echo 1 >sys/fs/cgroup/init/cgroup.procs
	for controller in $(cat sys/fs/cgroup/cgroup.controllers); do echo "+$controller" >sys/fs/cgroup/cgroup.subtree_control; done
else
	mount -t tmpfs -o mode=755 cgroup sys/fs/cgroup
	while IFS=: read -r _ controllers _; do
		case $controllers in '' | name=*) continue ;; esac
		mkdir "sys/fs/cgroup/$controllers"
		mount -t cgroup -o "$controllers" cgroup "sys/fs/cgroup/$controllers"
	done </proc/self/cgroup
fi

mount -t tmpfs -o mode=755 dev dev
mkdir dev/pts dev/shm dev/mqueue dev/net
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 pts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
mount -t mqueue mqueue dev/mqueue
while read -r name major minor; do mknod -m 666 "dev/$name" c "$major" "$minor"; done <<'D'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
net/tun 10 200
D
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for each in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${each#*:}" "dev/${each%:*}"; done

mkdir .host
pivot_root . .host
exec chroot . /bin/sh -c "$init" init "$@"
