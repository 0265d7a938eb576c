import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fault, KeylineError } from '../errors.ts'
import type { OnProgress } from '../events.ts'
import type { Fetch } from '../requests/http.ts'
import { type MenuItem, problemOf, readMenu } from '../requests/server-api.ts'
import { type After, pause } from '../timers.ts'
import { assertFree, PartFile, type WriteAt } from './part-file.ts'
import { beginsAt, rangeHeaders, sameDigest } from './range.ts'
import { safeName } from './safe-name.ts'

export interface DownloadOptions {
  /** A folder that exists, or a file; the current folder unless said otherwise. */
  readonly to?: string
  /** Replaces a file of this name; otherwise such a file is an error. */
  readonly overwrite?: boolean
  readonly signal?: AbortSignal
  /** Told of this download, beside whoever is told of the session. */
  readonly onProgress?: OnProgress
}

export interface Downloaded {
  readonly path: string
  readonly item: MenuItem
  /** Bytes that an earlier try had left. */
  readonly resumedFrom: number
}

export interface DownloadParts {
  readonly fetch: Fetch
  readonly after: After
  readonly onProgress: OnProgress
  readonly write?: WriteAt
}

/** Tries without news before it gives up, and the first of the growing pauses in between, milliseconds. */
const TRIES = 6
const PAUSE_MS = 250
/** Tries count anew after so many bytes: whoever cuts each connection must at least let it be of use. */
const USEFUL_BYTES = 65_536
/** Versions that may come and go during one download. */
const VERSIONS_MAX = 3
const WORTH_REPEATING = ['INTERNET_BROKEN', 'INTERNET_UNREACHABLE', 'INTERNET_STALLED', 'INTERNET_PATH_REFUSED']

/** S17': see Session.download. @throws KeylineError */
export async function download(parts: DownloadParts, name: string, options: DownloadOptions): Promise<Downloaded> {
  for (let versions = 0; versions < VERSIONS_MAX; versions++) {
    const item = (await repeating(parts, options, () => readMenu(parts.fetch, options.signal))).find(
      (one) => one.name === name,
    )
    if (item === undefined) throw fault('CONTENT_UNKNOWN', { what: `the menu has no ${JSON.stringify(name)}` })
    const path = await targetOf(item, options)
    await assertFree(path, options.overwrite ?? false)
    const part = await PartFile.open(path, item, parts.write)
    const resumedFrom = part.received
    try {
      await receive(parts, part, item, options)
      await part.finish(options.overwrite ?? false)
      return { path, item, resumedFrom }
    } catch (error) {
      if (!(error instanceof KeylineError)) throw error
      // The menu is asked again: the bytes so far belong to a version that is gone.
      if (error.code === 'CONTENT_MISMATCH' || error.code === 'CONTENT_CHANGED') await part.discard()
      if (error.code !== 'CONTENT_CHANGED') throw error
    } finally {
      await part.close()
    }
  }
  throw fault('CONTENT_CHANGED')
}

async function targetOf(item: MenuItem, { to = '.' }: DownloadOptions): Promise<string> {
  const info = await stat(to).catch(() => undefined)
  if (info?.isDirectory()) return resolve(join(to, safeName(item.name)))
  if (to.endsWith('/')) throw fault('FILE_FAILED', { what: `there is no folder ${to}` })
  return resolve(to)
}

/** Until all bytes are there, over as many connections as it takes within reason. */
async function receive(parts: DownloadParts, part: PartFile, item: MenuItem, options: DownloadOptions): Promise<void> {
  const tell = (): void => {
    const event = { type: 'download', name: item.name, received: part.received, total: item.size } as const
    parts.onProgress(event)
    options.onProgress?.(event)
  }
  tell()
  if (part.received === item.size) return
  let useful = part.received
  const progressed = (): boolean => {
    const far = part.received - useful >= USEFUL_BYTES
    if (far) useful = part.received
    return far
  }
  await repeating(parts, options, () => once(parts, part, item, options, tell), progressed)
}

/** One connection's worth. */
async function once(
  { fetch }: DownloadParts,
  part: PartFile,
  item: MenuItem,
  { signal }: DownloadOptions,
  tell: () => void,
): Promise<void> {
  const headers = { 'accept-encoding': 'identity', ...rangeHeaders(part.received, item.etag) }
  const path = `/content/${encodeURIComponent(item.name)}`
  const response = await fetch(path, { headers, ...(signal && { signal }) })
  if (response.status === 416) {
    await response.body?.cancel()
    throw fault('CONTENT_CHANGED')
  }
  if (!response.ok) throw await problemOf(response)
  try {
    const etag = response.headers.get('etag')
    if ((etag !== null && etag !== item.etag) || !sameDigest(response.headers.get('repr-digest'), item.sha256)) {
      throw fault('CONTENT_CHANGED')
    }
    if (response.status === 200 && part.received > 0) await part.restart()
    else if (response.status === 206) beginsAt(response.headers.get('content-range'), part.received, item.size)
    for await (const chunk of response.body ?? []) {
      if (signal?.aborted) throw fault('CANCELLED')
      await part.append(chunk)
      tell()
    }
  } catch (error) {
    await response.body?.cancel().catch(() => {}) // it failed already, or the loop gave it back
    throw error
  }
  if (part.received < item.size) throw fault('INTERNET_BROKEN', { what: 'the content ended before its size' })
}

/** Repeats what broke on its way, with growing pauses. @param progressed says after a failure whether it was of use */
async function repeating<T>(
  { after }: DownloadParts,
  { signal }: DownloadOptions,
  run: () => Promise<T>,
  progressed: () => boolean = () => false,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await run()
    } catch (error) {
      if (signal?.aborted) throw fault('CANCELLED', { cause: error })
      if (!(error instanceof KeylineError) || !WORTH_REPEATING.includes(error.code)) throw error
      if (progressed()) tries = 1
      if (tries >= TRIES) throw error
      await pause(PAUSE_MS * 2 ** (tries - 1), after, signal)
      if (signal?.aborted) throw fault('CANCELLED', { cause: error })
    }
  }
}
