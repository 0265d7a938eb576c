export const USAGE = `Runs the server with both of its ports, and manages it.

  keyline server run --data DIR --content DIR [options]
  keyline server user add|password|unlock|remove NAME --data DIR
  keyline server user list --data DIR
  keyline server ticket CARD-ID --data DIR --internet HOST:PORT --number NUMBER [options]
  keyline server ticket revoke CARD-ID --data DIR
  keyline server card list --data DIR
  keyline server card unlock|remove CARD-ID --data DIR
  keyline server goods load FILE --data DIR
  keyline server goods list --data DIR
  keyline server goods stock PRODUCT add|remove N --data DIR
  keyline server goods withdraw|offer PRODUCT --data DIR
  keyline server order list --data DIR [--user NAME]
  keyline server order show|slip|ship K-NUMBER --data DIR
  keyline server alarms --data DIR

  --data DIR            folder of accounts, cards and keys, this program's alone; made when it is not there
  --json                results, errors and events as JSON

run
  --content DIR         folder of the titles; titles.json in it may name them: {"file": "Title"}
  --modem PATH          serial port of a modem that is called; may be repeated
  --number NUMBER       number that is called (IDb); may be repeated; besides all addresses on tickets
  --sms-modem PATH      serial port of a modem that receives and answers short messages; may be repeated
  --packet-listen ADDRESS:PORT
                        address of this computer in a private packet network; may be repeated, and is never the Internet's
  --listen HOST:PORT    the Internet port (127.0.0.1:8443); port 0 is any free one
  --allow-x25519        let third-party clients without ML-KEM use X25519 alone
  --node NAME           name of this process among several on one data folder (main)
  --lifetime SECONDS    how long a session lasts (3600)
  --keys-lifetime SECONDS
                        how long a key may wait for its session (86400)
  --backend NAME=HOST:PORT
                        what keyline forward may reach; may be repeated
  --require-consent LIST login, pay or login,pay: refuse what the button of the user's card did not allow (none)
  --tag-minutes N       how long a purchase tag holds its goods (15)
  --certificate FILE    opens the shop to browsers: HTTPS with this certificate (PEM) on the same port
  --certificate-key FILE  its key (PEM); both or none
  --acquirer URL        the card company, https; without it nothing can be paid
  --acquirer-key FILE   the key shared with it: KEYID:BASE64 in a file that nobody else may read

user add, user password
  The password is the first line of standard input; at a terminal it is asked for.

ticket
  Prints the enrolment ticket for a card, which works once. A new one replaces an older one for the same card.
  --number NUMBER       number that the card will call
  --packet ADDRESS      where it will connect in a private packet network: [USER:PASSWORD@]APN/HOST:PORT
  --sms NUMBER          number that its messages will go to; of these three at least one, and each may be repeated
  --canary ADDRESS:PORT on the Internet, IPv4: a private network that reaches it is not used
  --internet HOST:PORT  address of the Internet port as the PC sees it
  --valid-hours HOURS   how long it may be used (72)

order
  show tells all that is kept of an order, slip is what goes with the parcel, ship says that it went.

Exit codes: 0 done, 1 failed, 2 wrong arguments.
`
