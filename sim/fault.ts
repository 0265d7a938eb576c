/** What the operator of the simulator got wrong: a stable code, what happened and what to do. */
export class SimError extends Error {
  readonly code: string
  readonly cure: string

  /** @param what one sentence: what was expected and what came */
  constructor(code: string, what: string, cure: string, options?: ErrorOptions) {
    super(what, options)
    this.name = 'SimError'
    this.code = code
    this.cure = cure
  }
}
