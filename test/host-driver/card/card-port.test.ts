import { once } from 'node:events'
import test from 'ava'
import { CardClient } from '../../../host-driver/card/card-client.ts'
import { listPorts, openCardPort } from '../../../host-driver/card/card-port.ts'
import { Terminal } from '../../../host-driver/terminal.ts'
import { cardOnTty } from '../fake-tty.ts'

test('a card on a real terminal line answers', async (t) => {
  const { card, path } = cardOnTty(t)
  const terminal = await Terminal.open({ card: path })
  t.is((await terminal.status()).firmware, 'fake/1')
  await terminal.close()
  t.is(card.asked.length, 2)
})

test('the port is for one program; it is free again after close', async (t) => {
  const { path } = cardOnTty(t)
  const cable = await openCardPort(path)
  await t.throwsAsync(openCardPort(path), { code: 'CARD_IN_USE' })
  await cable.close()
  await cable.close()
  const again = await openCardPort(path)
  await again.close()
})

test('what cannot be opened is told by its reason', async (t) => {
  await t.throwsAsync(openCardPort('/dev/keyline-no-such-port'), { code: 'CARD_NOT_FOUND' })
  await t.throwsAsync(openCardPort('/dev/null'), { code: 'CARD_GONE' })
})

test('the cable is pulled while an answer is waited for', async (t) => {
  const { card, path, unplug } = cardOnTty(t)
  const terminal = await Terminal.open({ card: path })
  t.teardown(() => terminal.close())
  card.answers['card.pin.unlock'] = () => new Promise(() => {})
  const looked = terminal.unlock('1234')
  await Promise.all([
    t.throwsAsync(looked, { code: 'CARD_GONE' }),
    (async () => {
      while (card.asked.length < 2) await new Promise((resolve) => setTimeout(resolve, 2))
      unplug()
    })(),
  ])
})

test('the cable is pulled while nothing is asked: the next request says so', async (t) => {
  const { path, unplug } = cardOnTty(t)
  const cable = await openCardPort(path)
  const client = new CardClient(cable)
  t.teardown(() => client.close())
  await client.call('card.status', {})
  const closed = once(cable.stream, 'close')
  unplug()
  await closed
  await t.throwsAsync(client.call('card.status', {}), { code: 'CARD_GONE' })
})

test('ports are listed, or none where the system cannot', async (t) => {
  t.true(Array.isArray(await listPorts()))
})
