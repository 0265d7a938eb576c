#!/bin/sh
# /init of the rung gpio: Node and the card's own code on a board with one GPIO chip.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ls -l /dev/gpiochip* /dev/ttyS0
stty -F /dev/ttyS0 raw -echo
/app/node --disable-warning=ExperimentalWarning /app/dist/inside.mjs
poweroff -f
