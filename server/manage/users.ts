import { z } from 'zod'
import { COMMON } from '../arguments.ts'
import { type Command, columns, command } from './command.ts'
import { readPassword } from './password-input.ts'

const schema = z.object(COMMON)
const words = ['NAME']

export const USER_COMMANDS: Readonly<Record<string, Command>> = {
  'user add': command({
    schema,
    words,
    begins: true,
    run: async ({ accounts, input, prompt }, [name = '']) => {
      await (await accounts()).add(name, await readPassword(input, prompt))
      return { text: `user ${name} was added`, fields: { userId: name } }
    },
  }),
  'user password': command({
    schema,
    words,
    run: async ({ accounts, input, prompt }, [name = '']) => {
      await (await accounts()).setPassword(name, await readPassword(input, prompt))
      return { text: `user ${name} has a new password; running sessions end`, fields: { userId: name } }
    },
  }),
  'user list': command({
    schema,
    run: async ({ accounts }) => {
      const users = (await (await accounts()).list()).map(({ createdAt, ...user }) => {
        return { ...user, createdAt: new Date(createdAt).toISOString() }
      })
      const rows = users.map(({ userId, createdAt, failures, lockedForSeconds }) => {
        const lock = lockedForSeconds > 0 ? `locked for ${lockedForSeconds} s` : ''
        return [userId, createdAt, failures > 0 ? `${failures} wrong passwords` : '', lock]
      })
      return { text: columns(rows), fields: { users } }
    },
  }),
  'user unlock': command({
    schema,
    words,
    run: async ({ accounts }, [name = '']) => {
      const unlocked = await (await accounts()).unlock(name)
      const text = unlocked ? `user ${name} may log in again` : `user ${name} was not locked`
      return { text, fields: { userId: name, unlocked } }
    },
  }),
  'user remove': command({
    schema,
    words,
    run: async ({ accounts }, [name = '']) => {
      await (await accounts()).remove(name)
      return { text: `user ${name} was removed; running sessions end`, fields: { userId: name } }
    },
  }),
}
