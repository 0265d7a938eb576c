import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connect, ended, folder, twoPorts } from './fixture.ts'

test('corruption: what arrives is what was recorded, and not what was sent', async (t) => {
  const record = folder(t)
  const { sim, a, b } = await twoPorts(t, '--record', record)
  await sim.command({ do: 'line', corrupt: 1 })
  await connect(a, b)
  a.type('secret')
  const got = await b.bytes(6)
  t.false(got.includes('s'))
  a.close()
  await sim.until(ended(1))
  t.deepEqual(readFileSync(join(record, 'call-1-up.bin')), got)
})

test('corruption ends when it is told to, in the same call', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  await sim.command({ do: 'line', corrupt: 1 })
  await connect(a, b)
  b.type('x')
  t.notDeepEqual(await a.bytes(1), Buffer.from('x'))
  await sim.command({ do: 'line', corrupt: 0 })
  b.type('yes')
  t.deepEqual(await a.bytes(3), Buffer.from('yes'))
})

test('lost bytes: they are counted, and do not arrive', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  await sim.command({ do: 'line', drop: 1 })
  await connect(a, b)
  a.type('lost')
  await sim.command({ do: 'cut', after: 4, direction: 'up' })
  t.is(await b.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
  t.like(await sim.until(ended(1)), { reason: 'cut', bytesUp: 4 })
})

test('no response: the request arrives, the answer does not, until told otherwise', async (t) => {
  const record = folder(t)
  const { sim, a, b } = await twoPorts(t, '--record', record)
  await sim.command({ do: 'line', dropResponse: true })
  await connect(a, b)
  a.type('request')
  t.is(await b.until('request'), 'request')
  b.type('response')
  b.close()
  t.is(await a.until('NO CARRIER\r\n'), '\r\nNO CARRIER\r\n')
  t.like(await sim.until(ended(1)), { reason: 'called-hung-up', bytesUp: 7, bytesDown: 8 })
  t.is(readFileSync(join(record, 'call-1-down.bin')).length, 0)
})

test('the same seed turns the same bits over', async (t) => {
  const once = async (): Promise<Buffer> => {
    const { sim, a, b } = await twoPorts(t)
    await sim.command({ do: 'line', corrupt: 0.2 })
    await connect(a, b)
    a.type(Buffer.alloc(500))
    return b.bytes(500)
  }
  const [first, second] = [await once(), await once()]
  t.true(first.some((byte) => byte !== 0) && first.some((byte) => byte === 0))
  t.deepEqual(first, second)
})

test('a cut of a call that runs counts from its beginning, both ways apart', async (t) => {
  const { sim, a, b } = await twoPorts(t)
  await connect(a, b)
  a.type('12345')
  await b.until('12345')
  await sim.command({ do: 'cut', after: 8, direction: 'both' })
  b.type('1234567')
  t.is(await a.until('1234567'), '1234567')
  a.type('678901')
  t.is(await b.until('NO CARRIER\r\n'), '678\r\nNO CARRIER\r\n')
  t.like(await sim.until(ended(1)), { bytesUp: 8, bytesDown: 7 })
})
