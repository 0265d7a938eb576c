import { closeSync, constants as files, openSync, readdirSync, readSync } from 'node:fs'
import { constants } from 'node:os'
import { CardError, errorCode } from '../card/errors.ts'

/** What the GPIO backend asks of the operating system. Failures are errors with a `code`, as those of node:fs. */
export interface GpioKernel {
  /** Paths of all GPIO chips. */
  chips(): readonly string[]
  open(path: string): number
  /** @param bytes read and written by the kernel */
  ioctl(fd: number, request: number, bytes: Buffer): void
  nonBlocking(fd: number): void
  /** @returns bytes read; 0 when there is nothing now */
  read(fd: number, bytes: Buffer): number
  close(fd: number): void
}

const F_SETFL = 4

/** The kernel of this machine. koffi is loaded only here: a board without pins runs without it. @throws CardError GPIO_UNUSABLE */
export async function linuxKernel(): Promise<GpioKernel> {
  const { default: koffi } = await import('koffi').catch((cause: unknown) => {
    throw new CardError('GPIO_UNUSABLE', 'the package koffi is not installed', { cause })
  })
  const libc = koffi.load('libc.so.6')
  // Not variadic: on Linux x64 and arm64 integers are passed the same either way.
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, _Inout_ uint8_t *bytes)')
  const fcntl = libc.func('int fcntl(int fd, int command, long value)')
  const check = (result: unknown): void => {
    if (result !== -1) return
    const errno = koffi.errno()
    const [code = `errno ${errno}`] = Object.entries(constants.errno).find(([, it]) => it === errno) ?? []
    throw Object.assign(new Error(code), { code })
  }
  return {
    chips: () =>
      readdirSync('/dev')
        .filter((name) => /^gpiochip[0-9]+$/.test(name))
        .map((name) => `/dev/${name}`),
    open: (path) => openSync(path, 'r+'),
    ioctl: (fd, request, bytes) => check(ioctl(fd, request, bytes)),
    nonBlocking: (fd) => check(fcntl(fd, F_SETFL, files.O_NONBLOCK)),
    read: (fd, bytes) => {
      try {
        return readSync(fd, bytes)
      } catch (error) {
        if (errorCode(error) === 'EAGAIN') return 0
        throw error
      }
    },
    close: closeSync,
  }
}
