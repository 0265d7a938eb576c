import { parseArgs } from 'node:util'
import { Terminal } from '../../host-driver/index.ts'

// A program of a user, to be killed: logs in, looks at the menu, logs out.
const { positionals } = parseArgs({ allowPositionals: true })
const [card = '', userId = '', password = ''] = positionals
const terminal = await Terminal.open({ card })
const login = await terminal.login({ userId, password })
if (login.verdict === 'permitted') {
  await login.session.menu()
  await login.session.close()
}
await terminal.close()
