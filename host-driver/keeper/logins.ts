import type { CardSource } from '../card/attached.ts'
import { fault, KeylineError } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import type { LoginOutcome, LoginRequest } from '../flows/first.ts'
import type { PrefetchOutcome, PrefetchRequest } from '../flows/prefetch.ts'
import { logInWithStoredKey } from '../flows/stored.ts'
import type { KeyPool } from '../stored/key-pool.ts'
import type { Terminal, TerminalOptions } from '../terminal.ts'

export interface LoginsParts {
  readonly openTerminal: (options: TerminalOptions) => Promise<Pick<Terminal, 'login' | 'prefetch' | 'close'>>
  readonly keys: KeyPool
}

/** Where there is one. */
type Card = CardSource | undefined

/** Logins and prefetches, one at a time: by the card, or by a stored key where no card is there. */
export class Logins {
  readonly #parts: LoginsParts
  #runs = false

  constructor(parts: LoginsParts) {
    this.#parts = parts
  }

  /**
   * The card, where one is there, says which server is meant. Without it a stored key of the only server that there are keys for is used.
   * @throws KeylineError LOGIN_RUNNING, and as Terminal.login
   */
  logIn(card: Card, request: LoginRequest, onProgress: OnProgress): Promise<LoginOutcome> {
    const withoutCard = async (error: KeylineError): Promise<LoginOutcome> => {
      const stored = request.fresh ? undefined : await logInWithStoredKey({ ...this.#parts, onProgress }, request)
      if (stored === undefined) throw error
      return stored
    }
    return this.#alone(() => this.#withCard(card, onProgress, (terminal) => terminal.login(request), withoutCard))
  }

  /** @throws KeylineError LOGIN_RUNNING, and as Terminal.prefetch */
  prefetch(card: Card, request: PrefetchRequest, onProgress: OnProgress): Promise<PrefetchOutcome> {
    const withoutCard = (error: KeylineError): never => {
      throw error
    }
    return this.#alone(() => this.#withCard(card, onProgress, (terminal) => terminal.prefetch(request), withoutCard))
  }

  async #alone<T>(run: () => Promise<T>): Promise<T> {
    if (this.#runs) throw fault('LOGIN_RUNNING')
    this.#runs = true
    try {
      return await run()
    } finally {
      this.#runs = false
    }
  }

  async #withCard<T>(
    card: Card,
    onProgress: OnProgress,
    use: (terminal: Pick<Terminal, 'login' | 'prefetch'>) => Promise<T>,
    withoutCard: (error: KeylineError) => T | Promise<T>,
  ): Promise<T> {
    const { openTerminal, keys } = this.#parts
    let terminal: Awaited<ReturnType<LoginsParts['openTerminal']>>
    try {
      if (card === undefined) throw fault('CARD_NOT_FOUND')
      terminal = await openTerminal({ card, keys, onProgress })
    } catch (error) {
      if (!(error instanceof KeylineError)) throw error
      return withoutCard(error)
    }
    try {
      return await use(terminal)
    } finally {
      await terminal.close() // other programs may use the card meanwhile
    }
  }
}
