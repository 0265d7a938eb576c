/** Whose dialect a modem speaks. */
export type Profile = 'generic' | 'simcom' | 'quectel'

export const PROFILES = ['generic', 'simcom', 'quectel'] as const

export interface Maker {
  readonly maker: string
  readonly model: string
  readonly revision: string
  /** Lines of ATI, before the serial number of those who show it. */
  readonly about: readonly string[]
  /** What it says by itself when it has started; `CPIN` stands for the state of the SIM. */
  readonly boot: readonly string[]
  /** What it says before it goes off. */
  readonly off: string
}

/** As SIM7600 and EC25 say it. */
export const MAKERS: Readonly<Record<Profile, Maker>> = {
  generic: {
    maker: 'Keyline',
    model: 'SIM-1',
    revision: '1.0',
    about: ['Keyline simulated modem'],
    boot: ['RDY', 'CPIN'],
    off: 'NORMAL POWER DOWN',
  },
  simcom: {
    maker: 'SIMCOM INCORPORATED',
    model: 'SIMCOM_SIM7600E-H',
    revision: 'LE20B04SIM7600M22',
    about: ['Manufacturer: SIMCOM INCORPORATED', 'Model: SIMCOM_SIM7600E-H', 'Revision: LE20B04SIM7600M22'],
    boot: ['RDY', '+CFUN: 1', 'CPIN', 'SMS DONE', 'PB DONE'],
    off: 'NORMAL POWER DOWN',
  },
  quectel: {
    maker: 'Quectel',
    model: 'EC25',
    revision: 'EC25EFAR06A06M4G',
    about: ['Quectel', 'EC25', 'Revision: EC25EFAR06A06M4G'],
    boot: ['RDY', '+CFUN: 1', 'CPIN', '+QUSIM: 1', '+QIND: SMS DONE', '+QIND: PB DONE'],
    off: 'POWERED DOWN',
  },
}
