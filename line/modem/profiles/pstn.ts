import { CONNECT_MS, ESCAPE, optional } from './lines.ts'
import type { ModemProfile } from './profile.ts'

/** A modem of the fixed network, as old as V.250 itself: no SIM card, no messages, no +CMEE. */
export const PSTN: ModemProfile = {
  id: 'pstn',
  name: 'modem of the fixed network',
  // ATI of such a modem is its speed, or its maker's name.
  recognise:
    /^(?:14400|28800|33600|56000|5601)$|COURIER|SPORTSTER|ROBOTICS|CONEXANT|ROCKWELL|AGERE|LUCENT|CX930\d\d|\bV\.?(?:32|34|90|92)\b|\bMT(?:5634|9234|5600)/m,
  cellular: false,
  sms: false,
  // A speaker that is heard is no help; error correction by V.42 where there is any.
  init: [optional('ATM0'), optional('AT\\N3')],
  call: { before: [], dial: 'ATDT', connectMs: CONNECT_MS },
  packet: undefined,
  missing: 'the fixed network has calls only',
  escape: { ...ESCAPE, settable: true },
  pinRetries: [],
  iccid: [],
  powerDown: undefined,
  bootMs: 5_000,
  signal: '3gpp',
}
