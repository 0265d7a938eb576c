#!/bin/sh
# Takes over what its owner put into the folder keyline/ of the FAT partition, and removes the secrets from there.
# usage: provision.sh FAT_FOLDER DATA_FOLDER
set -eu
from=$1/keyline
data=$2
umask 077
mkdir -p "$data/state" "$data/config"
chown keyline:keyline "$data/state"

# Made once, on this board: without it the card's memory cannot be read (51B).
if [ ! -s "$data/config/board-secret" ]; then
  head -c 32 /dev/urandom >"$data/config/board-secret.new"
  sync "$data/config/board-secret.new"
  mv "$data/config/board-secret.new" "$data/config/board-secret"
  sync "$data/config"
fi

erase() { # FAT keeps old blocks where a card's controller put the new ones: as far as the medium lets it
  size=$(wc -c <"$1")
  mount -o remount,rw "$2"
  dd if=/dev/zero of="$1" bs=1 count="$size" conv=notrunc,fsync status=none
  rm "$1"
  sync
  mount -o remount,ro "$2"
}

# name here, name there, owner
take() {
  if [ ! -s "$from/$1" ]; then return 0; fi
  if [ "$(wc -c <"$from/$1")" -gt 65536 ]; then
    echo "$1 is longer than 64 KiB, and was left" >&2
    return 0
  fi
  cp "$from/$1" "$data/$2.new"
  chown "$3:$3" "$data/$2.new"
  sync "$data/$2.new"
  mv "$data/$2.new" "$data/$2"
  sync "$data"
  erase "$from/$1" "$4"
  echo "$1 was taken over"
}
take ticket.txt state/ticket keyline "$1"
take card-pin.txt state/card-pin keyline "$1"
take sim-pin.txt state/sim-pin keyline "$1"
if [ -s "$data/state/sim-pin" ]; then
  echo 'KEYLINE_SIM_PIN=--sim-pin /var/lib/keyline/sim-pin' >"$data/config/sim-pin.env"
fi
# No secret: it stays on the FAT partition, where its owner can change it.
if [ -s "$from/card.env" ]; then
  cp "$from/card.env" "$data/config/card.env.new"
  sync "$data/config/card.env.new"
  mv "$data/config/card.env.new" "$data/config/card.env"
fi
