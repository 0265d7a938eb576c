import test from 'ava'
import { open, simulator } from './fixture.ts'

test('a panel on a port of its own: lights are seen, the button is pressed, both over HTTP', async (t) => {
  const sim = await simulator(t, '--cable', 'usb', '--panel', '--panel', '--http', '0')
  const url = `http://127.0.0.1:${sim.ready.http}/panels`
  const views = async () => (await (await fetch(url)).json()) as { path: string; lights: object; history: object[] }[]
  t.is((await views()).length, 2)
  const card = open(t, sim.ready.panels?.[1]?.path)
  card.type('{"panel":1}\n')
  t.is(await card.until('\n'), '{"levels":[]}\n')
  card.type('garbage\n{"pin":99,"level":1}\n{"pin":5,"level":1}\n{"pin":17,"level":1}\n{"pin":17,"level":0}\n')
  const press = (body: string, number = 2): Promise<Response> =>
    fetch(`${url}/${number}/press`, { method: 'POST', body })
  t.is((await press('{"ms":50}')).status, 200)
  t.is(await card.until('\n'), '{"pin":22,"level":0}\n')
  t.is(await card.until('\n'), '{"pin":22,"level":1}\n')
  t.like((await views())[1], {
    panel: 2,
    button: 'up',
    lights: { power: 'on', line: 'blinking', exchange: 'off', refused: 'off', consent: 'off' },
  })
  t.like((await views())[0], { lights: { power: 'off' }, history: [] })
  const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { code: string }).code
  for (const body of ['', '{}', '{"ms":0}', '{"ms":1.5}', '{"ms":60001}', 'null', '"x"']) {
    const wrong = await press(body)
    t.deepEqual([wrong.status, await codeOf(wrong)], [400, 'COMMAND_INVALID'], body)
  }
  t.is(await codeOf(await press('{"ms":1}', 3)), 'UNKNOWN_NAME')
  t.is((await press('{"ms":60000}')).status, 200)
  t.is(await codeOf(await press('{"ms":1}')), 'PANEL_BUSY')
  // Who opens the port later is told that the button is down.
  t.is(await card.until('\n'), '{"pin":22,"level":0}\n')
  card.type('{"panel":1}\n')
  t.is(await card.until('\n'), '{"levels":[{"pin":22,"level":0}]}\n')
})
