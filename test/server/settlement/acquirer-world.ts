import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { readAcquirerKey } from '../../../server/settlement/acquirer-key.ts'
import { type HttpGatewayOptions, httpGateway } from '../../../server/settlement/http-gateway.ts'
import type { PaymentGateway } from '../../../server/settlement/payment-gateway.ts'
import { systemTime } from '../../../server/time.ts'
import { type AcquirerProcess, makeKeyFile, startAcquirer } from '../../../sim/acquirer/process.ts'
import { folder } from '../world.ts'

export interface AcquirerWorld {
  readonly acquirer: AcquirerProcess
  readonly gateway: PaymentGateway
  readonly keyFile: string
  readonly data: string
  /** Why answers were not believed. */
  readonly faults: string[]
  /** The same ledger under the same address, after it was killed. */
  restart(): Promise<AcquirerProcess>
  charges(key: string): Promise<number>
}

/** The simulated card company as a process, and the server's gateway to it. */
export async function acquirerWorld(
  t: ExecutionContext,
  args: readonly string[] = [],
  options: Partial<HttpGatewayOptions> = {},
): Promise<AcquirerWorld> {
  const own = folder(t)
  const [keyFile, data] = [join(own, 'key'), join(own, 'acquirer')]
  makeKeyFile(keyFile)
  const start = async (...more: readonly string[]): Promise<AcquirerProcess> => {
    const started = await startAcquirer(['--data', data, '--key-file', keyFile, '--seed', '7', ...more, ...args])
    t.teardown(() => started.stop())
    return started
  }
  let acquirer = await start()
  const { keyId, key } = await readAcquirerKey(keyFile)
  const faults: string[] = []
  const onFault = (why: string): void => void faults.push(why)
  const url = new URL(acquirer.url)
  const gateway = httpGateway({ url, keyId, key, clock: systemTime, timeoutMs: 2000, onFault, ...options })
  return {
    acquirer,
    gateway,
    keyFile,
    data,
    faults,
    restart: async () => {
      acquirer = await start('--listen', url.host)
      return acquirer
    },
    charges: async (key) => (await acquirer.payments()).find((it) => it.key === key)?.charges ?? 0,
  }
}
