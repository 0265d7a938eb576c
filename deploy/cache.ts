import { fileURLToPath } from 'node:url'

/** What is downloaded and built once, for packages, images and their tests. */
export const CACHE = process.env.KEYLINE_CACHE ?? fileURLToPath(new URL('../.cache/', import.meta.url))
