import { download } from '../download/download.ts'
import { size } from '../printable.ts'
import { after } from '../timers.ts'
import { type Command, text } from './command.ts'
import { keptSession } from './kept.ts'

/** `keyline get NAME` */
export const get: Command = {
  summary: 'download one title, continuing what is there already',
  help: `usage: keyline get NAME [--to PATH] [--overwrite] [--json]

Downloads NAME (see keyline ls) into the current folder. What breaks is continued by the same command: the bytes so far
are in NAME.part. The file appears under its name only when its SHA-256 is right.

  --to PATH     a folder that exists, or a file
  --overwrite   replace a file of this name

example: keyline get two-tones.mp3 --to ~/Music`,
  options: { to: { type: 'string' }, overwrite: { type: 'boolean' } },
  takes: ['NAME'],
  async run(context, [name = ''], options) {
    const { output, signal } = context
    const keeper = await keptSession(context)
    const to = text(options, 'to')
    const parts = { fetch: keeper.fetch, after, onProgress: output.progress }
    const wanted = { overwrite: options.overwrite === true, signal, ...(to !== undefined && { to }) }
    const { path, item, resumedFrom } = await download(parts, name, wanted)
    output.progress({ type: 'step', step: "S17'", path: 'internet', text: `${name} received and verified` })
    const continued = resumedFrom > 0 ? `, continued at ${size(resumedFrom)}` : ''
    output.say(`${path} (${size(item.size)}${continued}), SHA-256 verified`)
    return { path, size: item.size, sha256: item.sha256, resumedFrom }
  },
}
