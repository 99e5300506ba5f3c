#!/bin/sh
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
while read -r module; do insmod "/mod/$module"; done </mod/order
n=0
while [ ! -b /dev/vda ] && [ $n -lt 200 ]; do
	sleep 0.05
	n=$((n + 1))
done
mount -t ext4 -o rw,noatime /dev/vda /newroot || exec sh
mount -o move /dev /newroot/dev
mount -o move /proc /newroot/proc
mount -o move /sys /newroot/sys
exec switch_root /newroot /sbin/init
