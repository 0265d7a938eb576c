/** TS 27.007 §9.2, as far as this modem uses it. */
const CME: Readonly<Record<number, string>> = {
  3: 'operation not allowed',
  4: 'operation not supported',
  10: 'SIM not inserted',
  11: 'SIM PIN required',
  12: 'SIM PUK required',
  13: 'SIM failure',
  14: 'SIM busy',
  16: 'incorrect password',
  20: 'memory full',
  21: 'invalid index',
  22: 'not found',
  24: 'text string too long',
  26: 'dial string too long',
  30: 'no network service',
  50: 'incorrect parameters',
  100: 'unknown',
  133: 'requested service option not subscribed',
  148: 'unspecified GPRS error',
  149: 'PDP authentication failure',
}

/** TS 27.005 §3.2.5; below 128 causes of the network (TS 24.011 annex E). */
const CMS: Readonly<Record<number, string>> = {
  21: 'Short message transfer rejected',
  38: 'Network out of order',
  41: 'Temporary failure',
  42: 'Congestion',
  300: 'ME failure',
  302: 'operation not allowed',
  303: 'operation not supported',
  304: 'invalid PDU mode parameter',
  305: 'invalid text mode parameter',
  310: '(U)SIM not inserted',
  311: '(U)SIM PIN required',
  313: '(U)SIM failure',
  316: '(U)SIM PUK required',
  320: 'memory failure',
  321: 'invalid memory index',
  322: 'memory full',
  330: 'SMSC address unknown',
  331: 'no network service',
  332: 'network timeout',
  340: 'no +CNMA acknowledgement expected',
}

export function cmeWords(code: number): string {
  return CME[code] ?? 'unknown'
}

export function cmsWords(code: number): string {
  return CMS[code] ?? 'unknown error'
}
