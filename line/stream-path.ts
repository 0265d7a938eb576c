import { encodeFrame, FLAG, FrameDecoder } from '../wire/line/frame.ts'
import { BLOCK_BYTES } from '../wire/line/link.ts'
import type { LinePath, LinkTiming } from './path.ts'
import type { LineStream } from './stream.ts'

/**
 * Four blocks and a header. A login or a purchase is one packet; of 10⁻⁴ wrong bits such a packet survives four times in five,
 * and after losses the transport cuts shorter ones by itself (`link-cut`).
 */
export const STREAM_PACKET_MAX = 4 * BLOCK_BYTES + 5

/** A call or a transparent socket: 3 s cover satellite and RLP delays at both ends; a silent one is given up in 45 s. */
export const STREAM_TIMING: LinkTiming = {
  firstRtoMs: 3000,
  rtoMinMs: 500,
  slowestBitsPerSecond: 2400,
  sends: 8,
  idleMs: 45_000,
}

/** Packets on a byte stream, one frame each. What a broken frame took is counted with the packet after it. */
export function streamPath(stream: LineStream): LinePath {
  const decoder = new FrameDecoder()
  let wireBytes = 0
  return {
    peer: stream.peer,
    packetMax: STREAM_PACKET_MAX,
    timing: STREAM_TIMING,
    send: (packet) => {
      const frame = encodeFrame(packet)
      stream.write(frame)
      return frame.length
    },
    open: (onPacket, onEnd) =>
      stream.open((bytes) => {
        // Only a flag ends a frame: so each packet is told its own bytes, however the stream was split.
        for (let at = 0; at < bytes.length; ) {
          const flag = bytes.indexOf(FLAG, at)
          const end = flag < 0 ? bytes.length : flag + 1
          wireBytes += end - at
          for (const packet of decoder.push(bytes.subarray(at, end))) {
            const took = wireBytes
            wireBytes = 0
            onPacket(packet, took)
          }
          at = end
        }
      }, onEnd),
    hangUp: () => stream.hangUp(),
  }
}
