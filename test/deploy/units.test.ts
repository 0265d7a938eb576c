import { execFileSync, spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { installed } from '../../deploy/image/needs.ts'
import { notRun } from './installed.ts'

const DEPLOY = fileURLToPath(new URL('../../deploy/', import.meta.url))
/** Promised of the service, as systemd counts it: 0 is best, 10 is worst. */
const EXPOSURE_MAX = 2.5

test('the service is exposed no more than was promised', (t) => {
  if (!installed('systemd-analyze')) return notRun(t, 'systemd-analyze is not here (apt-get install systemd)')
  const args = ['security', '--no-pager', '--offline=true', `--threshold=${EXPOSURE_MAX * 10}`]
  const { status, stdout, stderr } = spawnSync('systemd-analyze', [...args, join(DEPLOY, 'keyline-card.service')], {
    encoding: 'utf8',
  })
  t.regex(stdout, /Overall exposure level for keyline-card\.service: [0-9.]+/, stderr)
  t.is(status, 0, stdout.slice(-200))
})

test('every script of the packages is one that a plain shell can read', (t) => {
  const scripts = readdirSync(DEPLOY).filter((name) => /\.(sh|postinst|prerm|postrm)$/.test(name))
  t.true(scripts.length >= 9)
  for (const name of scripts) t.notThrows(() => execFileSync('sh', ['-n', join(DEPLOY, name)]), name)
})
