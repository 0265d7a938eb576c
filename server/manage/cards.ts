import { z } from 'zod'
import { COMMON, cardId } from '../arguments.ts'
import { ServerError } from '../errors.ts'
import { type Command, columns, command } from './command.ts'

const schema = z.object(COMMON)
const words = ['CARD-ID']
const ALARMS_MAX = 1000

export const CARD_COMMANDS: Readonly<Record<string, Command>> = {
  'card list': command({
    schema,
    run: async ({ store }) => {
      const cards = (await store.cards()).map(({ cardId, lockReason = null, enrolledAt }) => {
        return { cardId, enrolledAt: new Date(enrolledAt).toISOString(), locked: lockReason }
      })
      const rows = cards.map(({ cardId, enrolledAt, locked }) => [
        cardId,
        enrolledAt,
        locked ? `locked: ${locked}` : '',
      ])
      return { text: columns(rows), fields: { cards } }
    },
  }),
  'card unlock': command({
    schema,
    words,
    run: async ({ store, now }, [word = '']) => {
      const id = cardId(word)
      if (await store.unlockCard(id, now())) return { text: `card ${id} was unlocked`, fields: { cardId: id } }
      const known = (await store.cards()).some((card) => card.cardId === id)
      throw known ? new ServerError('CARD_NOT_LOCKED', `card ${id} is not locked`) : unknown(id)
    },
  }),
  'card remove': command({
    schema,
    words,
    run: async ({ store, now }, [word = '']) => {
      const id = cardId(word)
      if (!(await store.removeCard(id, now()))) throw unknown(id)
      return { text: `card ${id} was removed; its sessions end`, fields: { cardId: id } }
    },
  }),
  alarms: command({
    schema,
    run: async ({ store }) => {
      const alarms = (await store.notes('alarm', ALARMS_MAX)).map(({ at, event, subject, detail }) => {
        return { at: new Date(at).toISOString(), event, subject, detail }
      })
      const rows = alarms.map(({ at, event, subject, detail }) => [at, event, subject, detail])
      return { text: columns(rows), fields: { alarms } }
    },
  }),
}

function unknown(id: string): ServerError {
  return new ServerError('CARD_UNKNOWN', `there is no card ${id}`)
}
