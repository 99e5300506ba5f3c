# shellcheck shell=sh
# Runs inside the new root file system (chroot), once per image. $PUBLIC_KEY is the lab's key.
set -eu
echo lab >/etc/hostname
printf '127.0.0.1 localhost\n127.0.1.1 lab\n' >/etc/hosts
printf 'nameserver 10.0.2.3\n' >/etc/resolv.conf
printf '/dev/vda / ext4 defaults,noatime 0 0\n' >/etc/fstab
echo 0123456789abcdef0123456789abcdef >/etc/machine-id

for user in ops opspw plain; do useradd -m -s /bin/bash "$user"; done
printf '%s\n' 'root:root-pass' 'ops:ops-pass' 'opspw:s3cret pw' 'plain:plain-pass' | chpasswd
printf 'ops ALL=(ALL) NOPASSWD: ALL\nopspw ALL=(ALL) ALL\n' >/etc/sudoers.d/lab
chmod 440 /etc/sudoers.d/lab
for user in root ops opspw plain; do
	home=$(getent passwd "$user" | cut -d: -f6)
	mkdir -p "$home/.ssh" && chmod 700 "$home/.ssh"
	printf '%s\n' "$PUBLIC_KEY" >"$home/.ssh/authorized_keys"
	chmod 600 "$home/.ssh/authorized_keys"
	chown -R "$user:" "$home/.ssh"
done

# One host key only (ed25519): a faster start, and the host side knows it.
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -C lab -f /etc/ssh/ssh_host_ed25519_key
mkdir -p /etc/ssh/sshd_config.d
cat >/etc/ssh/sshd_config.d/lab.conf <<'S'
PermitRootLogin yes
PasswordAuthentication yes
UseDNS no
PrintMotd no
PrintLastLog no
GSSAPIAuthentication no
AcceptEnv LANG LC_*
HostKey /etc/ssh/ssh_host_ed25519_key
S
# Every connection comes from one address (10.0.2.2): one test with a wrong password must not lock out the others.
mkdir -p /run/sshd
echo 'PerSourcePenalties no' >/etc/ssh/sshd_config.d/penalties.conf
sshd -t 2>/dev/null || rm /etc/ssh/sshd_config.d/penalties.conf
sshd -t

dd if=/dev/urandom of=/var/lib/systemd/random-seed bs=512 count=1 status=none
chmod 600 /var/lib/systemd/random-seed

# qemu's user network is always 10.0.2.15/24.
cat >/etc/systemd/system/labnet.service <<'S'
[Unit]
Description=lab static network
DefaultDependencies=no
After=local-fs.target
Before=ssh.service network.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'ip link set lo up; for i in /sys/class/net/e*; do d=$${i##*/}; ip link set $$d up; ip addr add 10.0.2.15/24 dev $$d; ip route add default via 10.0.2.2; break; done'
[Install]
WantedBy=multi-user.target
S
mkdir -p /etc/systemd/system/ssh.service.d
cat >/etc/systemd/system/ssh.service.d/lab.conf <<'S'
[Unit]
DefaultDependencies=no
After=labnet.service systemd-remount-fs.service systemd-tmpfiles-setup.service
[Service]
ExecStartPre=
ExecStartPre=/bin/mkdir -p /run/sshd
S
mkdir -p /etc/systemd/journald.conf.d /etc/systemd/system.conf.d
printf '[Journal]\nStorage=volatile\nRuntimeMaxUse=16M\n' >/etc/systemd/journald.conf.d/lab.conf
printf '[Manager]\nDefaultTimeoutStartSec=300s\nDefaultTimeoutStopSec=20s\n' >/etc/systemd/system.conf.d/lab.conf

systemctl enable labnet.service ssh.service >/dev/null 2>&1
# Docker is configured and enabled by each kind (guest/start-docker.sh).
systemctl disable docker.service docker.socket containerd.service >/dev/null 2>&1 || true
systemctl mask systemd-timesyncd systemd-networkd systemd-resolved getty@tty1 serial-getty@ttyS0 \
	systemd-udev-settle apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap \
	fstrim.timer man-db.timer systemd-binfmt systemd-pstore systemd-update-utmp systemd-journal-flush \
	systemd-firstboot systemd-machine-id-commit systemd-update-done ldconfig systemd-hwdb-update \
	systemd-journal-catalog-update xfs_scrub_all.timer dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount \
	sys-kernel-tracing.mount modprobe@configfs modprobe@drm modprobe@efi_pstore systemd-logind console-getty \
	kmod-static-nodes >/dev/null 2>&1
systemctl set-default multi-user.target >/dev/null 2>&1

# The image for every machine; there is no registry:   docker import /opt/lab/busybox.tar busybox:lab
tree=$(mktemp -d)
mkdir -p "$tree/bin" "$tree/etc" "$tree/tmp" "$tree/root" "$tree/proc" "$tree/sys" "$tree/dev" "$tree/data"
cp /bin/busybox "$tree/bin/busybox"
for applet in $(busybox --list); do [ "$applet" = busybox ] || ln -sf busybox "$tree/bin/$applet"; done
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$tree/etc/passwd"
printf 'root:x:0:\n' >"$tree/etc/group"
mkdir -p /opt/lab
tar -C "$tree" --numeric-owner --owner=0 --group=0 --mode=go-w -cf /opt/lab/busybox.tar .
rm -rf "$tree" /run/sshd /var/cache/apt/archives/*.deb /var/lib/apt/lists/* /usr/share/doc/* /usr/share/man/* \
	/usr/share/locale/* /var/log/*.log
