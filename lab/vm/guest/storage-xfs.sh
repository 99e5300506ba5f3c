# shellcheck shell=sh
# /var/lib/docker on an XFS of its own with project quotas.
mkfs.xfs -q -f /dev/vdb
mkdir -p /var/lib/docker
echo '/dev/vdb /var/lib/docker xfs prjquota 0 0' >>/etc/fstab
systemctl daemon-reload
mount /var/lib/docker
