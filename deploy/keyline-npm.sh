#!/bin/sh
# The command line, on the Node that came with it where npm has one for this computer; else on the user's own.
here=$(dirname "$(readlink -f "$0")")
for node in "$here"/../node-linux-*/bin/node "$here"/node_modules/node-linux-*/bin/node; do
  [ -x "$node" ] && exec "$node" "$here/host-driver/cli/main.js" "$@"
done
exec node "$here/host-driver/cli/main.js" "$@"
