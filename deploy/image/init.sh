#!/bin/sh
# First program of the card's image: finds the root file system, on a memory card or on a virtual disk, and goes there.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r name; do insmod "/modules/$name" 2>/dev/null; done </modules/order
tries=0
while [ $tries -lt 150 ]; do
  for root in /dev/mmcblk0p2 /dev/mmcblk1p2 /dev/vda2 /dev/sda2; do
    # Read-only for good: what changes is on the third partition.
    if [ -b $root ] && mount -t ext4 -o ro,noatime $root /mnt; then
      mount --move /dev /mnt/dev
      mount --move /proc /mnt/proc
      mount --move /sys /mnt/sys
      exec switch_root /mnt /sbin/init
    fi
  done
  sleep 0.1
  tries=$((tries + 1))
done
echo "no root file system found; see /dev:"
ls /dev
sleep 30
reboot -f
