#!/bin/sh
# The card as a USB device: two serial ports towards the PC, first the card API, then the log console.
# usage: gadget.sh start|stop
set -eu

gadget=/sys/kernel/config/usb_gadget/keyline

serial() {
  if [ -s /sys/firmware/devicetree/base/serial-number ]; then
    tr -d '\0' </sys/firmware/devicetree/base/serial-number
  else
    # Not the machine's ID itself, which is not for others (machine-id(5)).
    printf 'keyline%s' "$(cat /etc/machine-id)" | sha256sum | cut -c1-16
  fi
}

start() {
  [ -d "$gadget" ] && stop
  # shellcheck disable=SC2012 # names of the kernel
  udc=$(ls /sys/class/udc 2>/dev/null | head -n 1)
  if [ -z "$udc" ]; then
    echo "this board has no USB port that can be a device; on a Raspberry Pi use the one with OTG" >&2
    exit 1
  fi
  mkdir "$gadget"
  cd "$gadget"
  echo 0x1209 >idVendor
  echo 0x0001 >idProduct
  echo 0x0100 >bcdDevice
  echo 0x0200 >bcdUSB
  # Interface association: several functions, each of two interfaces.
  echo 0xEF >bDeviceClass
  echo 0x02 >bDeviceSubClass
  echo 0x01 >bDeviceProtocol
  mkdir strings/0x409 configs/c.1 configs/c.1/strings/0x409
  serial >strings/0x409/serialnumber
  echo Keyline >strings/0x409/manufacturer
  echo 'Keyline card' >strings/0x409/product
  echo 'API and log' >configs/c.1/strings/0x409/configuration
  for name in api log; do
    mkdir "functions/acm.$name"
    # 0: speaks no AT commands, so that modem managers leave it alone. Older kernels have no such attribute.
    [ -e "functions/acm.$name/protocol" ] && echo 0 >"functions/acm.$name/protocol"
    ln -s "functions/acm.$name" configs/c.1/
  done
  echo "$udc" >UDC
}

stop() {
  [ -d "$gadget" ] || return 0
  cd "$gadget"
  echo '' >UDC 2>/dev/null || true
  rm -f configs/c.1/acm.api configs/c.1/acm.log
  cd /
  for it in configs/c.1/strings/0x409 configs/c.1 functions/acm.api functions/acm.log strings/0x409 .; do
    if [ -d "$gadget/$it" ]; then rmdir "$(realpath "$gadget/$it")"; fi
  done
}

case "${1:-}" in
  start) start ;;
  stop) stop ;;
  *)
    echo "usage: gadget.sh start|stop" >&2
    exit 2
    ;;
esac
