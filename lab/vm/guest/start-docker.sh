# shellcheck shell=sh
# Expects $DAEMON (daemon.json) and $CONTAINERS (lines: name, then options of docker run).
mkdir -p /etc/docker
printf '%s\n' "$DAEMON" >/etc/docker/daemon.json
systemctl enable containerd.service docker.socket docker.service 2>/dev/null
systemctl start docker || {
	journalctl -u docker --no-pager -o cat | tail -n 15 >&2
	exit 1
}
docker import /opt/lab/busybox.tar busybox:lab >/dev/null
printf '%s\n' "$CONTAINERS" | while read -r name options; do
	# $options is split on purpose
	docker run -d --name "$name" $options busybox:lab sleep 1000000 </dev/null >/dev/null
done
docker exec c1 sh -euc '
	mkdir -p /data
	dd if=/dev/urandom of=/data/proof bs=65536 count=64 2> /dev/null
	sha256sum /data/proof > /data/proof.sha256'
# The start above must not count against systemd's start limit in the clones.
systemctl reset-failed docker.service docker.socket
sync
