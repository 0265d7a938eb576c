import type { HttpBindings } from '@hono/node-server'
import type { StoredSession } from '../store/store.ts'

/** Over which path a request came, and what that proves. */
export type RequestAccess =
  /** Ordinary HTTPS: nobody in particular. */
  | { readonly path: 'open' }
  /** Under a session key that was opened (S16). */
  | { readonly path: 'session'; readonly session: StoredSession }
  /** In the channel of a purchase call: the card proved itself, the tag was accepted (S33, S67). */
  | { readonly path: 'line'; readonly cardId: string; readonly userId: string; readonly tag: string }

export interface AppEnv {
  readonly Bindings: Partial<HttpBindings> & { readonly access: RequestAccess }
}

/** The one application behind both ports. */
export interface App {
  /** Never rejects. */
  fetch(request: Request, bindings: AppEnv['Bindings']): Promise<Response>
}
