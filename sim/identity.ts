/** What a modem and its SIM say they are. */
export interface Identity {
  /** 15 digits with check digit (TS 23.003 §6.2.1). */
  readonly imei: string
  /** 15 digits in the test network 001-01. */
  readonly imsi: string
  /** 19 digits with check digit (ITU-T E.118). */
  readonly iccid: string
}

/** The same identity for the same number at every start, so that what was bound to it once still fits. */
export function identityOf(number: string): Identity {
  const digits = number.replaceAll(/\D/g, '').padStart(10, '0')
  return {
    imei: withCheckDigit(`35000000${digits.slice(-6)}`),
    imsi: `00101${digits.slice(-10)}`,
    iccid: withCheckDigit(`89810000${digits.slice(-10)}`),
  }
}

/** Type of address: 145 international, 129 unknown, 128 for a number that is withheld (TS 24.008 §10.5.4.7). */
export function addressType(number: string): number {
  if (number === '') return 128
  return number.startsWith('+') ? 145 : 129
}

/** Luhn (ISO/IEC 7812-1 annex B). */
function withCheckDigit(digits: string): string {
  let sum = 0
  for (const [index, digit] of [...digits].reverse().entries()) {
    const doubled = Number(digit) * (index % 2 === 0 ? 2 : 1)
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return `${digits}${(10 - (sum % 10)) % 10}`
}
