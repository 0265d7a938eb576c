#!/bin/sh
# /init of the PC in the rung two-machines: network and drivers, then a shell on Debian's root file system.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r name; do insmod "/modules/$name" || echo "insmod $name failed"; done </modules/order
tries=0
while [ ! -e /sys/class/net/eth1 ] && [ $tries -lt 50 ]; do
  sleep 0.1
  tries=$((tries + 1))
done
# As the rung names them: first the cable, then the Internet as QEMU gives it.
ip link set lo up
ip link set eth0 up
ip addr add 10.9.0.2/24 dev eth0
ip link set eth1 up
ip addr add 10.0.2.15/24 dev eth1
ip route add default via 10.0.2.2
mount -t ext4 -o rw,noatime /dev/vda /mnt
mount -t tmpfs tmpfs /mnt/run
mkdir -p /mnt/dev /mnt/proc /mnt/sys
mount --move /dev /mnt/dev
mount --move /proc /mnt/proc
mount --move /sys /mnt/sys
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
exec switch_root -c /dev/ttyAMA0 /mnt /bin/bash
