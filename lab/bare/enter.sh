# shellcheck shell=sh
# In namespaces of its own, as their first process: makes a fresh copy of the bare root file system, in memory, the
# root, and runs inside.sh ($4) in it as the user ($5). $1 is the root file system, $2 the Node, $3 the repository, the
# rest the command.
set -eu
lower=$1 node=$2 repository=$3 inside=$4 user=$5
shift 5

at=/mnt
mount -t tmpfs -o mode=755 bare $at
mkdir $at/upper $at/work $at/root
mount -t overlay -o "lowerdir=$lower,upperdir=$at/upper,workdir=$at/work" bare $at/root
cd $at/root
cmp -s "$node" usr/local/bin/node || cp "$node" usr/local/bin/node

# A machine's devices are not there, as in a container.
mount -t proc proc proc
mount -t sysfs -o ro sys sys
mount -t tmpfs -o mode=755 dev dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 pts dev/pts
mount -t tmpfs -o mode=1777 shm dev/shm
while read -r name major minor; do mknod -m 666 "dev/$name" c "$major" "$minor"; done <<'D'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
D
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for each in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${each#*:}" "dev/${each%:*}"; done
mount -t tmpfs -o mode=1777 tmp tmp

# The network is this machine's, with what is needed to use it: names, certificates, npm's configuration, what npm has
# downloaded already.
setting() { (cd / && npm config get "$1"); }
for file in /etc/resolv.conf /etc/hosts /etc/ssl/certs/ca-certificates.crt "${NODE_EXTRA_CA_CERTS-}" "$(setting cafile)"; do
	[ ! -f "$file" ] || { mkdir -p "$(dirname ".$file")" && cat "$file" >".$file"; }
done
hostname bare
echo 127.0.1.1 bare >>etc/hosts
case $user in root) home=/root id=0 ;; ordinary) home=/home/ordinary id=1000 ;; esac
[ $id = 0 ] || {
	echo "$user:x:$id:$id::$home:/bin/sh" >>etc/passwd
	echo "$user:x:$id:" >>etc/group
	mkdir -p ".$home"
}
mkdir srv/npm
cp "$inside" srv/inside.sh
for each in globalconfig userconfig; do
	file=$(setting $each)
	[ ! -f "$file" ] || {
		cat "$file"
		echo
	} >>srv/npm/npmrc
done
echo 'cache=/srv/npm/cache' >>srv/npm/npmrc
chmod 600 srv/npm/npmrc
ln -s /srv/npm/npmrc usr/local/etc/npmrc
cache=$(setting cache)/_cacache
[ ! -d "$cache" ] || { mkdir srv/npm/cache && cp -R "$cache" srv/npm/cache; }
git clone --quiet --bare "$repository" srv/plimsoll.git
chown -R $id:$id srv ".$home"

# Nothing of this machine's environment but how to reach the network, and what may be printed.
set -- env -i HOME=$home USER=$user LOGNAME=$user SHELL=/bin/sh PATH=/usr/local/bin:/usr/bin:/bin sh /srv/inside.sh "$@"
for name in TERM NO_COLOR FORCE_COLOR CI NODE_EXTRA_CA_CERTS http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
	eval "value=\${$name-}"
	[ -z "$value" ] || {
		shift 2
		set -- env -i "$name=$value" "$@"
	}
done

mkdir .machine
pivot_root . .machine
cd /
# What unmounts is not here, only there.
chroot /.machine umount -l /
rmdir /.machine
# This shell stays, to wait for the children of others, too, and to keep the lock of the root file system.
if [ $id = 0 ]; then
	# As in a container; with more a test would find what it does not find there.
	capabilities=-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service,+net_raw
	capabilities=$capabilities,+sys_chroot,+mknod,+audit_write,+setfcap
	PATH=/usr/bin setpriv --bounding-set "$capabilities" "$@" 8<&-
else
	PATH=/usr/bin setpriv --reuid $id --regid $id --clear-groups "$@" 8<&-
fi
