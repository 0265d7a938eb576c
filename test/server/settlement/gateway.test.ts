import test from 'ava'
import { acquirerWorld } from './acquirer-world.ts'
import { gatewayContract } from './gateway-contract.ts'
import { MemoryGateway, type Treatment } from './memory-gateway.ts'

gatewayContract(test, 'in memory', async () => {
  const gateway = new MemoryGateway()
  const next: Treatment[] = []
  gateway.treat = () => next.shift() ?? 'normal'
  return {
    gateway,
    charges: async (key) => gateway.payments.get(key)?.charges ?? 0,
    lose: async (when) => void next.push(when),
  }
})

gatewayContract(test, 'over HTTP with the simulated card company', async (t) => {
  const { acquirer, gateway, charges } = await acquirerWorld(t, [], { timeoutMs: 700 })
  return {
    gateway,
    charges,
    lose: async (when) => void (await acquirer.command({ do: 'behave', as: `time-out-${when}`, requests: 1 })),
  }
})
