import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { KEY } from './material.ts'
import type { Processes } from './processes.ts'

const TRIES = 50
const TRY_MS = 100

/** @returns `5.68, OpenSSL 3.0.19`, or undefined where there is none */
export function stunnelVersion(): string | undefined {
  const { error, stderr } = spawnSync('stunnel', ['-version'], { encoding: 'utf8' })
  if (error !== undefined) return undefined
  const version = /stunnel ([0-9.]+)/.exec(stderr)?.[1] ?? '?'
  const library = (/Running\s+with OpenSSL ([0-9.]+)/.exec(stderr) ?? /with OpenSSL ([0-9.]+)/.exec(stderr))?.[1] ?? '?'
  return `${version}, OpenSSL ${library}`
}

/** The hybrid group came with OpenSSL 3.5. */
export function hasMlKem(version: string): boolean {
  const [, major = 0, minor = 0] = (/OpenSSL (\d+)\.(\d+)/.exec(version) ?? []).map(Number)
  return major > 3 || (major === 3 && minor >= 5)
}

/** The comparator: stunnel at both ends, TLS 1.3 with a PSK and AES-128-GCM. @returns the port of its client's end */
export async function stunnelPair(processes: Processes, folder: string, target: number): Promise<number> {
  const secrets = join(folder, 'psk')
  writeFileSync(secrets, `${KEY.id}:${KEY.psk}\n`, { mode: 0o600 })
  const [middle, front] = [await freePort(), await freePort()]
  const common = [
    ...['foreground=yes', 'debug=3', 'sslVersion=TLSv1.3', 'ciphersuites=TLS_AES_128_GCM_SHA256'],
    ...['socket=l:TCP_NODELAY=1', 'socket=r:TCP_NODELAY=1', `PSKsecrets=${secrets}`],
  ]
  const ends = {
    server: ['[server]', `accept=127.0.0.1:${middle}`, `connect=127.0.0.1:${target}`],
    client: ['[client]', 'client=yes', `accept=127.0.0.1:${front}`, `connect=127.0.0.1:${middle}`],
  }
  for (const [name, service] of Object.entries(ends)) {
    const path = join(folder, name)
    writeFileSync(path, `${[...common, ...service].join('\n')}\n`)
    processes.program('stunnel', [path])
  }
  for (const port of [middle, front]) await listening(port)
  return front
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo // it listens on TCP
      server.close(() => resolve(port))
    })
  })
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await answers(port)) return
    await new Promise((resolve) => setTimeout(resolve, TRY_MS))
  }
  throw new Error('stunnel does not start')
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
