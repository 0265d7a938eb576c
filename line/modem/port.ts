/** A modem's serial port, real or simulated: bytes both ways and a close. */
export interface ModemPort {
  /** Where it is, for messages: `/dev/ttyUSB2`. */
  readonly path: string
  /** Set once, before any byte is delivered. @param onClose called once, when the port went away by itself or was closed */
  open(onData: (bytes: Uint8Array) => void, onClose: () => void): void
  write(bytes: Uint8Array): void
  close(): Promise<void>
}
