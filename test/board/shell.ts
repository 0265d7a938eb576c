import type { Talk } from './machine.ts'

/** A root shell on a console. */
export class Shell {
  readonly #talk: Talk

  private constructor(talk: Talk) {
    this.#talk = talk
  }

  /** @param ms until there is one */
  static async on(talk: Talk, ms: number): Promise<Shell> {
    const shell = new Shell(talk)
    const from = performance.now()
    for (;;) {
      talk.write('\n')
      try {
        await talk.until(/# $/m, 2000)
        break
      } catch (error) {
        if (performance.now() - from > ms) throw error
      }
    }
    talk.write('stty -echo cols 1000; export SYSTEMD_PAGER= TERM=dumb PS1=; echo @@$((40+2))\n')
    await talk.until(/@@42/, 20_000)
    return shell
  }

  /** @param command made by a test only @returns what it printed, and its exit code */
  async try(command: string, ms = 60_000): Promise<{ readonly out: string; readonly code: number }> {
    this.#talk.write(`${command}; echo "@@"$?"@@"\n`)
    const [, out = '', code] = await this.#talk.until(/([\s\S]*?)@@(\d+)@@/, ms)
    return { out: out.replaceAll('\r', '').trim(), code: Number(code) }
  }

  /** @throws Error when it fails */
  async run(command: string, ms = 60_000): Promise<string> {
    const { out, code } = await this.try(command, ms)
    if (code !== 0) throw new Error(`${command} ended with ${code}: ${out}`)
    return out
  }

  /** Again and again until it succeeds. @throws Error after the time */
  async until(command: string, ms: number): Promise<string> {
    const from = performance.now()
    for (;;) {
      const { out, code } = await this.try(command)
      if (code === 0) return out
      if (performance.now() - from > ms) throw new Error(`${command} did not succeed in ${ms / 1000} s: ${out}`)
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}
