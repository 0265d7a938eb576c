import { z } from 'zod'

const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/

/**
 * Where the acquirer is: https, or http to this machine itself (a simulator, or a local proxy that speaks TLS). Payments go below its path.
 */
export const acquirerUrl = z
  .string()
  .max(2048)
  .transform((text, context) => {
    const url = URL.canParse(text) ? new URL(text) : undefined
    const plain = url?.username === '' && url.password === '' && url.search === '' && url.hash === ''
    const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname))
    if (url !== undefined && plain && safe) return url
    context.addIssue({ code: 'custom', message: 'expected https://HOST, or http:// to this machine' })
    return z.NEVER
  })
