#!/bin/sh
# The card's program, on the Node that came with it.
exec /usr/lib/keyline/node --max-semi-space-size=2 /usr/lib/keyline/dist/card.mjs "$@"
