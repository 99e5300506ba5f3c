# shellcheck shell=sh
# Docker's documented direct-lvm: a thin pool in a volume group of its own, with room to extend.
{
	pvcreate -q /dev/vdc
	vgcreate -q docker /dev/vdc
	lvcreate -q --wipesignatures y -n thinpool docker -L 1600M
	lvcreate -q --wipesignatures y -n thinpoolmeta docker -L 16M
	lvconvert -q -y --zero n -c 512K --thinpool docker/thinpool --poolmetadata docker/thinpoolmeta
} 2>/tmp/lvm.log || {
	cat /tmp/lvm.log >&2
	exit 1
}
cat >/etc/systemd/system/lab-lvm.service <<'S'
[Unit]
Description=activate the thin pool before dockerd
After=local-fs.target
Before=docker.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/vgchange -aay docker
[Install]
WantedBy=multi-user.target
S
systemctl enable lab-lvm.service 2>/dev/null
