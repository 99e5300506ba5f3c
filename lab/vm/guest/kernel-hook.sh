#!/bin/sh
# mmdebstrap customize hook: fetch the kernel's packages into $1/opt/kernel. They are unpacked later, never
# installed: no initramfs-tools, no boot loader, no postinst. Newer suites split the kernel into several packages.
set -eu
mkdir -p "$1/opt/kernel"
chroot "$1" sh -euc '
	cd /opt/kernel
	apt-get download -q $(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks \
		--no-replaces --no-enhances linux-image-cloud-amd64 |
		grep -E "^linux-(image|binary|modules)-[0-9]" | sort -u)
'
