import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { boardChecks } from '../../../firmware/board/board-checks.ts'
import { namedProfile } from '../../../firmware/board/profile.ts'
import { pcChecks } from '../../../host-driver/cli/pc-checks.ts'

const NOW = Date.UTC(2026, 10, 26)

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), 'keyline-look-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** What is not well, and that each such line says what to do. */
function wrong(t: ExecutionContext, checks: ReturnType<typeof boardChecks>): readonly string[] {
  for (const { verdict, cure, name } of checks) if (verdict === 'failed') t.truthy(cure, name)
  return checks.filter(({ verdict }) => verdict !== 'ok').map(({ name }) => name)
}

test('the board: console on the port of the modem, power key, clock, memory', (t) => {
  const cmdline = join(folder(t), 'cmdline')
  writeFileSync(cmdline, 'console=tty1 console=ttyAMA0,115200 root=/dev/mmcblk0p2')
  const board = namedProfile('waveshare-sim7600x')
  const look = { board, modem: '/dev/ttyUSB2', sealed: true, now: () => NOW, cmdline }
  t.deepEqual(wrong(t, boardChecks(look)), [])
  t.deepEqual(wrong(t, boardChecks({ ...look, modem: '/dev/ttyAMA0' })), ['console on the UART'])
  t.deepEqual(wrong(t, boardChecks({ ...look, board: namedProfile('none') })), ['power key'])
  t.deepEqual(wrong(t, boardChecks({ ...look, now: () => 0, sealed: false })), ["card's clock", "card's memory"])
  t.deepEqual(wrong(t, boardChecks({ ...look, cmdline: join(folder(t), 'none') })), [])
})

test('the PC: clock, permission, ModemManager without the rule', (t) => {
  const root = folder(t)
  const port = join(root, 'port')
  writeFileSync(port, '')
  const look = { port, now: NOW, root }
  t.deepEqual(wrong(t, pcChecks(look)), [])
  t.deepEqual(wrong(t, pcChecks({ ...look, now: 0 })), ['clock'])
  t.deepEqual(wrong(t, pcChecks({ ...look, port: join(root, 'none') })), ['permission'])
  mkdirSync(join(root, 'proc/7'), { recursive: true })
  writeFileSync(join(root, 'proc/7/comm'), 'ModemManager\n')
  t.deepEqual(wrong(t, pcChecks(look)), ['ModemManager'])
  mkdirSync(join(root, 'etc/udev/rules.d'), { recursive: true })
  writeFileSync(join(root, 'etc/udev/rules.d/60-keyline-host.rules'), '')
  t.deepEqual(wrong(t, pcChecks(look)), [])
  t.deepEqual(
    pcChecks({ ...look, port: undefined }).map(({ name }) => name),
    ['clock'],
  )
})
