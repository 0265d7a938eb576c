import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { FILE_MAX } from '../../wire/usb/files.ts'
import type { CardFiles } from '../card/card-files.ts'
import { fault, systemCode } from '../errors.ts'
import { size } from '../printable.ts'
import { CARD_HELP, CARD_OPTION, cardSource } from './card-option.ts'
import { type Command, type CommandContext, type Options, text } from './command.ts'
import { readWhole } from './read-whole.ts'
import { openUnlocked } from './unlock.ts'

type Done = Promise<Readonly<Record<string, unknown>>>

/** `keyline card files ls|get|put|rm` */
export const cardFiles: Command = {
  summary: 'list, read, write and remove files that are kept on a card',
  help: `usage: keyline card files ls [--card PATH] [--json]
       keyline card files get NAME [--to FILE] [--overwrite]
       keyline card files put FILE [--name NAME]
       keyline card files rm NAME | --damaged

The card has room for small files (16 MiB in all, 4 MiB each), sealed as the rest of its memory. A file is written whole or not at all,
whatever happens meanwhile; a name has 1 to 100 bytes and no slash.

${CARD_HELP}

example: keyline card files put notes.txt`,
  options: {
    ...CARD_OPTION,
    name: { type: 'string' },
    to: { type: 'string' },
    overwrite: { type: 'boolean' },
    damaged: { type: 'boolean' },
  },
  takes: ['ls|get|put|rm', '[NAME]'],
  async run(context, [action = '', name = ''], options) {
    const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined
    const damaged = options.damaged === true
    const isBare = action === 'ls' || (action === 'rm' && damaged)
    if (run === undefined || (name === '') !== isBare || (damaged && action !== 'rm')) {
      throw fault('USAGE', { what: 'expected ls, get NAME, put FILE, rm NAME or rm --damaged' })
    }
    const terminal = await openUnlocked(context, { card: await cardSource(context, options) })
    try {
      return await run(context, terminal.files, name, options)
    } finally {
      await terminal.close()
    }
  },
}

const ACTIONS: Readonly<
  Record<string, (context: CommandContext, files: CardFiles, name: string, options: Options) => Done>
> = { ls, get, put, rm }

async function ls({ output }: CommandContext, files: CardFiles): Done {
  const all = await files.list()
  for (const file of all.files) output.say(`${size(file.size).padStart(10)}  ${file.name}`)
  output.say(`${size(all.used)} of ${size(all.quota)} are used.`)
  if (all.damaged !== undefined) {
    const { files, bytes } = all.damaged
    output.say(`${files} damaged, ${size(bytes)}; keyline card files rm --damaged makes room.`)
  }
  return { ...all }
}

async function get({ output }: CommandContext, files: CardFiles, name: string, options: Options): Done {
  const content = await files.read(name, (received, total) =>
    output.progress({ type: 'download', name, received, total }),
  )
  // A name of the card has no slash and no dot in front: it stays in this folder.
  const to = text(options, 'to') ?? name
  try {
    const file = await open(to, options.overwrite === true ? 'w' : 'wx', 0o600)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw fault('FILE_EXISTS', { what: `${to} exists`, cause: error })
    throw fault('FILE_FAILED', { what: `${to} cannot be written`, cause: error })
  }
  output.say(`${to} (${size(content.length)}), SHA-256 verified`)
  return { path: to, size: content.length }
}

async function put({ output }: CommandContext, files: CardFiles, path: string, options: Options): Done {
  const content = await readWhole(path, FILE_MAX)
  const name = text(options, 'name') ?? basename(path)
  await files.write(name, content, (received, total) => output.progress({ type: 'download', name, received, total }))
  output.say(`${name} (${size(content.length)}) is on the card.`)
  return { name, size: content.length }
}

async function rm({ output }: CommandContext, files: CardFiles, name: string): Done {
  if (name === '') {
    const removed = await files.prune()
    output.say(`${removed} damaged ${removed === 1 ? 'file was' : 'files were'} removed from the card.`)
    return { removed }
  }
  await files.remove(name)
  output.say(`${name} is removed from the card.`)
  return { name }
}
