import { always, type Commands, type Extended, says } from './at-command.ts'
import { addressType } from './identity.ts'
import { MAKERS } from './profile.ts'

const MAKER = always(says(({ profile }) => MAKERS[profile].maker))
const MODEL = always(says(({ profile }) => MAKERS[profile].model))
const REVISION = always(says(({ profile }) => MAKERS[profile].revision))
const SERIAL = always(says(({ imei }) => imei))
const card = (prefix: string): Extended => ({
  run: (_, view) =>
    view.card === undefined ? { end: { type: 'cme', cme: 10 } } : { info: [`${prefix}${view.card.identity.iccid}`] },
  always: true,
})

/** Who the modem and its SIM are (TS 27.007 §5). */
export const IDENTITY: Commands = {
  '+GMI': MAKER,
  '+CGMI': MAKER,
  '+GMM': MODEL,
  '+CGMM': MODEL,
  '+GMR': REVISION,
  '+CGMR': REVISION,
  '+GSN': SERIAL,
  '+CGSN': SERIAL,
  '+CIMI': says((view) => view.card?.identity.imsi ?? ''),
  '+CCID': card('+CCID: '),
  '+CNUM': {
    run: (_, { number }) => ({ info: [`+CNUM: "","${number}",${addressType(number)}`] }),
  },
  '+GCAP': always(says(() => '+GCAP: +CGSM,+MS,+ES,+DS,+FCLASS')),
}

export const SIMCOM_IDENTITY: Commands = { '+CICCID': card('+ICCID: '), '+ICCID': card('+ICCID: ') }
export const QUECTEL_IDENTITY: Commands = { '+QCCID': card('+QCCID: '), '+ICCID': card('+ICCID: ') }
