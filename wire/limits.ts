/** Sizes that both ends of a wire agree on, bytes unless said otherwise. */

/** One message on the line, before framing: far above a login, far below what a modem link would need minutes for. */
export const LINE_FRAME_MAX = 4096
/** One SMS: 140 octets less the 7 of the application-port header (TS 23.040 §9.2.3.24.4). */
export const SMS_PAYLOAD_MAX = 133
/** Application ports of short messages, which anybody may use (TS 23.040 §9.2.3.24.4): the server's, and the card's conversations. */
export const SERVER_SMS_PORT = 16_000
export const CARD_SMS_PORTS = { first: 16_001, last: 16_999 } as const
/** User ID and password, UTF-8. */
export const USER_ID_MAX = 64
export const PASSWORD_MAX = 128
/** Session keys exchanged in one call (D-2). */
export const SESSION_KEYS_MAX = 16
/** Keys that wait for a later session, of one user by one card: with the 65th both ends drop the oldest. */
export const SPARE_KEYS_MAX = 64
/** A line of AT text, without its line end: some modems print 4 kB (V.250 sets no limit). */
export const AT_LINE_MAX = 8192
/** Name of a card on its tickets and in the operator's lists, UTF-8. */
export const CARD_ID_MAX = 32
/** One line of the card API, with its line end (PROTOCOL.md §6). */
export const USB_LINE_MAX = 65_536
/** One message of the line transport, in as many packets as its bearer needs: 17 s at 9,600 bit/s. */
export const LINE_MESSAGE_MAX = 16_384
/** A purchase tag: random, so that nobody can guess one (S25). */
export const TAG_BYTES = 16
/** Paths that go over the line whatever a server says; it may list more at login. Lower case, without a slash at the end. */
export const SECRET_ROUTES: readonly string[] = ['/pay']
/** One Binary HTTP request or response over the line. */
export const LINE_HTTP_MAX = 12_288
