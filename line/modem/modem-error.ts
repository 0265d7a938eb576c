/** What an error of a modem means to whoever runs the card: stable code, what happened, what to do. */
export interface ModemErrorText {
  /** `CME_10`, `CMS_38`, `IP_8`, `CIPOPEN_2`, `QUECTEL_566`; or the modem's word where it has no number. */
  readonly code: string
  /** The usual words of the standard or of the maker. */
  readonly name: string
  readonly what: string
  readonly cure: string
  /** The same may succeed a little later with nobody doing anything: a busy SIM, a congested network. */
  readonly transient: boolean
}

/** One line of a table: number, names (several spellings between bars), what happened, what to do, whether it passes. */
export type ErrorRow = readonly [
  number: number,
  names: string,
  what: string,
  cure: keyof typeof CURES,
  passes?: 'passes',
]

export const CURES = {
  again: 'try again in a minute',
  soon: 'wait some seconds: it ends by itself',
  report: 'please report this fault with the model of the modem',
  model: 'use a modem or firmware that has this function',
  restart: 'switch the modem off and on again',
  cable: 'check cable, power supply and port of the modem',
  'sim-in': 'put a SIM card in, gold side to the contacts, and start the modem again',
  'sim-other':
    'try the SIM card in a telephone; if it fails there too, ask the operator of the network for another one',
  pin: 'give the right PIN, while more than two attempts are left',
  puk: 'put the SIM card into a telephone and enter the PUK by hand: no machine should',
  lock: 'the modem takes only certain SIM cards: ask its seller to unlock it',
  'sim-space': 'delete messages from the SIM card',
  reception: 'check the antenna and the reception',
  subscription: 'ask the operator of the network what this SIM card may do',
  apn: 'check name of the access point (APN), user and password',
  area: 'this SIM card may not be used in this network or place: ask its operator',
  centre: 'check the number of the short message centre (AT+CSCA?)',
  number: 'check the number',
  reopen: 'close the connection and open it again',
  far: 'check that the server listens at this address and port of the private network',
  none: 'the modem does not say more: look at reception and SIM card, then switch it off and on again',
} as const satisfies Readonly<Record<string, string>>

export interface ErrorTable {
  readonly family: string
  readonly rows: ReadonlyMap<number, ErrorRow>
  readonly numbers: ReadonlyMap<string, number>
}

/** @param family first part of the code, `CME` */
export function errorTable(family: string, rows: readonly ErrorRow[]): ErrorTable {
  const names = rows.flatMap((row) => row[1].split('|').map((name): [string, number] => [normalised(name), row[0]]))
  // The first of two with the same name counts: later ones are newer and rarer.
  return { family, rows: new Map(rows.map((row) => [row[0], row])), numbers: new Map(names.reverse()) }
}

/** Modems differ in capitals, blanks, hyphens and full stops, not in letters. */
function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/** Never fails: of an unknown number its code is kept, and that it is unknown is said. */
export function byNumber(table: ErrorTable, number: number): ModemErrorText {
  const row = table.rows.get(number)
  const code = `${table.family}_${number}`
  if (row === undefined) return unexplained(code, `${table.family} error ${number}`)
  const [, names, what, cure, passes] = row
  return { code, name: names.split('|')[0] ?? '', what, cure: CURES[cure], transient: passes === 'passes' }
}

/** @returns undefined for words that no table has */
export function byName(table: ErrorTable, name: string): ModemErrorText | undefined {
  const number = table.numbers.get(normalised(name))
  return number === undefined ? undefined : byNumber(table, number)
}

/** An error that says no more than that it is one. */
export function unexplained(code: string, name: string): ModemErrorText {
  return { code, name, what: 'the modem refused, and it is not known why', cure: CURES.none, transient: false }
}
