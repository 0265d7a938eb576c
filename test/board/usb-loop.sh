#!/bin/sh
# /init of the rung usb-loop: one kernel is the card and the PC; deploy/gadget.sh makes the card's USB device.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
while read -r name; do insmod "/modules/$name" || echo "insmod $name failed"; done </modules/order
mount -t configfs none /sys/kernel/config
echo 0123456789abcdef0123456789abcdef >/etc/machine-id

check() { # name, then a command that must succeed
  name=$1
  shift
  if "$@"; then echo "CHECK ok $name"; else echo "CHECK failed $name"; fi
}
until_there() { # path
  tries=0
  while [ ! -e "$1" ] && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  [ -e "$1" ]
}
until_gone() { # path
  tries=0
  while [ -e "$1" ] && [ $tries -lt 100 ]; do
    sleep 0.1
    tries=$((tries + 1))
  done
  [ ! -e "$1" ]
}
field() { # name of a file of the USB device
  for it in /sys/bus/usb/devices/*/idVendor; do
    if [ "$(cat "$it")" = 1209 ]; then cat "${it%/idVendor}/$1"; fi
  done
}
is() { [ "$1" = "$2" ]; }
raw() { for it in ttyGS0 ttyGS1 ttyACM0 ttyACM1; do stty -F /dev/$it raw -echo; done; }
pass() { # from, to, file
  size=$(wc -c <"$3")
  (timeout 60 head -c "$size" "/dev/$2" >/tmp/got) &
  sleep 0.3
  cat "$3" >"/dev/$1"
  wait $!
  cmp "$3" /tmp/got
}

check 'the gadget starts' sh /gadget.sh start
check 'two ports at the PC' until_there /dev/ttyACM1
check 'vendor and product' is "$(field idVendor):$(field idProduct)" 1209:0001
check 'maker and name' is "$(field manufacturer)/$(field product)" 'Keyline/Keyline card'
check 'a serial number' is "$(field serial)" "$(printf 'keyline%s' "$(cat /etc/machine-id)" | sha256sum | cut -c1-16)"
for it in /sys/bus/usb/devices/*/bInterfaceProtocol; do
  if [ "$(cat "${it%Protocol}Class")/$(cat "${it%Protocol}SubClass")" = 02/02 ]; then protocol=$protocol$(cat "$it"); fi
done
check 'no AT modem by its protocol' is "$protocol" 0000
raw
printf 'card\000\r\n\377\021\023' >/tmp/bytes
check 'bytes of every kind, card to PC' pass ttyGS0 ttyACM0 /tmp/bytes
check 'bytes of every kind, PC to card' pass ttyACM0 ttyGS0 /tmp/bytes
check 'the log console' pass ttyGS1 ttyACM1 /tmp/bytes
dd if=/dev/urandom of=/tmp/mib bs=64k count=16 2>/dev/null
check '1 MiB, card to PC' pass ttyGS0 ttyACM0 /tmp/mib
check '1 MiB, PC to card' pass ttyACM0 ttyGS0 /tmp/mib
(cat /dev/ttyACM0 >/dev/null) &
reader=$!
sleep 0.3
check 'the gadget stops' sh /gadget.sh stop
check 'unplugged, the port is gone' until_gone /dev/ttyACM0
wait $reader
check 'unplugged, its reader ends' true
check 'the gadget starts again' sh /gadget.sh start
check 'plugged in again, both ports are back' until_there /dev/ttyACM1
raw
check 'and bytes pass' pass ttyACM0 ttyGS0 /tmp/bytes
echo CHECKS-END
poweroff -f
