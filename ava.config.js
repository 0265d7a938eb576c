/** Tests that kill a program fifty times wait more than they work: they begin first, so that the others fill the time that they leave. */
const LONG = /[\\/]kill-\w+\.test\.ts$/

export default {
  files: ['test/**/*.test.ts'],
  extensions: ['ts'],
  timeout: '60s',
  workerThreads: false,
  concurrency: 4,
  sortTestFiles: (a, b) => Number(LONG.test(b)) - Number(LONG.test(a)) || a.localeCompare(b, 'en'),
}
