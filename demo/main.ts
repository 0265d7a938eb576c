import { parseArgs } from 'node:util'
import { playFirst } from './first.ts'
import { type Bearer, NETWORKS } from './network.ts'
import type { AllReport, Embodiment, PurchaseReport, Report } from './report.ts'
import { playSecond } from './second.ts'
import { type Show, tell, tellJson } from './show.ts'
import { onStage, type Stage } from './stage.ts'
import { playThird } from './third.ts'

const USAGE = `npm run demo -- [--embodiment 1|2|3] [--bearer call|packet|sms] [--json]

Plays Keyline in a simulated world on this machine: a card is enrolled, a user logs in and pays over a telephone line,
content and goods come over the Internet, and both wires are searched for secrets.

  --embodiment N  1, the encrypted delivery of content; 2, a shop in the open that is paid by telephone;
                  3, the same shop under a session key; all three in one world unless said otherwise
  --bearer NAME   what carries the line: a telephone call, a packet network that is not the Internet, or SMS (call)
  --json          one JSON object a line, the last one is the report
`

const PLAYS: Readonly<Record<Embodiment, (stage: Stage) => Promise<Report | PurchaseReport>>> = {
  1: playFirst,
  2: playSecond,
  3: playThird,
}

/** @returns the exit code: 0 all held, 1 something did not, 2 the arguments were wrong */
async function main(argv: readonly string[]): Promise<number> {
  let values: { embodiment?: string; bearer?: string; json?: boolean; help?: boolean }
  try {
    const [text, flag] = [{ type: 'string' }, { type: 'boolean' }] as const
    const options = { embodiment: text, bearer: text, json: flag, help: flag }
    values = parseArgs({ args: [...argv], options }).values
  } catch (error) {
    process.stderr.write(`USAGE: ${error instanceof Error ? error.message : error}; see npm run demo -- --help\n`)
    return 2
  }
  if (values.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const { embodiment, bearer = 'call' } = values
  if (embodiment !== undefined && !isEmbodiment(embodiment)) {
    process.stderr.write(`USAGE: expected --embodiment 1, 2 or 3, got ${embodiment}; see npm run demo -- --help\n`)
    return 2
  }
  if (!isBearer(bearer)) {
    process.stderr.write(`USAGE: expected --bearer call, packet or sms, got ${bearer}; see npm run demo -- --help\n`)
    return 2
  }
  const write = (text: string): void => {
    process.stdout.write(text)
  }
  const show = values.json ? tellJson(write) : tell(write)
  const report =
    embodiment === undefined ? await playAll(show, bearer) : await playOne(show, bearer, EMBODIMENTS[embodiment])
  show.end(report)
  return report.ok ? 0 : 1
}

const EMBODIMENTS = { '1': 1, '2': 2, '3': 3 } as const

function isEmbodiment(text: string): text is keyof typeof EMBODIMENTS {
  return Object.hasOwn(EMBODIMENTS, text)
}

function isBearer(text: string): text is Bearer {
  return Object.hasOwn(NETWORKS, text)
}

function playOne(show: Show, bearer: Bearer, embodiment: Embodiment): Promise<Report | PurchaseReport> {
  return onStage(show, [embodiment], bearer, (stage) => play(stage, show, embodiment, PLAYS[embodiment]))
}

/** One after the other in one world, on one card. */
function playAll(show: Show, bearer: Bearer): Promise<AllReport> {
  return onStage(show, [1, 2, 3], bearer, async (stage) => {
    const first = await play(stage, show, 1, playFirst)
    const second = await play(stage, show, 2, playSecond)
    const third = await play(stage, show, 3, playThird)
    return { ok: first.ok && second.ok && third.ok, first, second, third }
  })
}

async function play<T extends Report | PurchaseReport>(
  stage: Stage,
  show: Show,
  embodiment: Embodiment,
  played: (stage: Stage) => Promise<T>,
): Promise<T> {
  stage.show.play(embodiment)
  const report = await played(stage)
  show.report(report)
  return report
}

process.exitCode = await main(process.argv.slice(2))
