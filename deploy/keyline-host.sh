#!/bin/sh
# The command line, on Debian's Node.
exec /usr/bin/node /usr/lib/keyline-host/host-driver/cli/main.js "$@"
