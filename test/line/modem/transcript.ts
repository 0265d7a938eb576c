import { TranscriptPlayer } from './transcript-player.ts'

/*
 * A file is what one kind of modem says, in cases that begin with `## title`; without any it is one case. Line by line:
 *
 *   # remark      > AT+CSQ | +CSQ:  (a command, and the prefixes of its answer)      ~ (its timer runs out)
 *   < bytes of the modem, with \r, \n, \x00 and \{7f*9000} for many      @ 300 (so many milliseconds pass, in data mode)
 *   + (back from data mode by escape)   ! profile (of AT+CGMI, AT+CGMM and ATI so far)   ! submit {"to":…,"data":hex}
 *   = what must come of all this, in its order
 */
export interface Transcript {
  readonly title: string
  readonly steps: readonly TranscriptStep[]
  readonly expected: readonly string[]
}

type TranscriptStep =
  | { readonly type: 'command'; readonly text: string; readonly prefixes: readonly string[] }
  | { readonly type: 'bytes'; readonly bytes: Buffer }
  | { readonly type: 'timer' }
  | { readonly type: 'escape' }
  | { readonly type: 'profile' }
  | { readonly type: 'time'; readonly ms: number }
  | { readonly type: 'submit'; readonly fields: string }

export function parseTranscripts(text: string): Transcript[] {
  const [before = '', ...cases] = text.split(/^## /m)
  if (cases.length === 0) return [parseTranscript('', before)]
  return cases.map((each) => {
    const end = each.indexOf('\n')
    return parseTranscript(each.slice(0, end), each.slice(end + 1))
  })
}

function parseTranscript(title: string, text: string): Transcript {
  const steps: TranscriptStep[] = []
  const expected: string[] = []
  for (const line of text.split('\n')) {
    const rest = line.slice(2)
    if (line.startsWith('= ')) expected.push(rest)
    else if (line !== '' && !line.startsWith('#')) steps.push(parseStep(line, rest))
  }
  return { title, steps, expected }
}

function parseStep(line: string, rest: string): TranscriptStep {
  if (line.startsWith('< ')) return { type: 'bytes', bytes: unescaped(rest) }
  if (line.startsWith('~')) return { type: 'timer' }
  if (line.startsWith('+')) return { type: 'escape' }
  if (line.startsWith('@ ')) return { type: 'time', ms: Number(rest) }
  if (line === '! profile') return { type: 'profile' }
  if (line.startsWith('! submit ')) return { type: 'submit', fields: line.slice(9) }
  if (!line.startsWith('> ')) throw new Error(`expected a step, got ${line}`)
  const [text = '', ...prefixes] = rest.split(' | ')
  return { type: 'command', text, prefixes: prefixes.map((prefix) => (prefix === '*' ? '' : prefix)) }
}

function unescaped(text: string): Buffer {
  const many = text.replaceAll(/\\\{([0-9a-f]{2})\*(\d+)\}/g, (_, code: string, count: string) =>
    byte(code).repeat(Number(count)),
  )
  const plain = many.replaceAll(/\\(r|n|x[0-9a-f]{2})/g, (_, code: string) =>
    code === 'r' ? '\r' : code === 'n' ? '\n' : byte(code.slice(1)),
  )
  return Buffer.from(plain, 'latin1')
}

function byte(code: string): string {
  return String.fromCharCode(Number.parseInt(code, 16))
}

/** @param size of each piece in which the bytes arrive */
export async function play({ steps }: Transcript, size: () => number): Promise<string[]> {
  const player = new TranscriptPlayer()
  for (const each of steps) {
    if (each.type === 'command') player.command(each.text, each.prefixes)
    else if (each.type === 'timer') player.event({ type: 'timer' })
    else if (each.type === 'escape') player.escape()
    else if (each.type === 'time') await player.pass(each.ms)
    else if (each.type === 'profile') player.profile()
    else if (each.type === 'submit') player.submit(each.fields)
    else {
      for (let at = 0; at < each.bytes.length; ) {
        const end = at + size()
        player.bytes(each.bytes.subarray(at, end))
        at = end
      }
    }
  }
  return player.seen()
}
