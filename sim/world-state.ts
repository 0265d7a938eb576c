import type { Things } from './world-commands.ts'

/** Everything that can be seen of the world from outside, for GET /state: no contents, no secrets. */
export function stateOf(seed: number, { modems, exchange, centre, packets }: Things) {
  return {
    seed,
    modems: [...modems.values()].map(({ modem, path }) => {
      const { radio, packet, sms } = modem.parts
      const { card } = modem
      return {
        name: modem.name,
        number: modem.number,
        ...(path === undefined ? {} : { path }),
        profile: modem.profile,
        answer: modem.power.answer,
        on: modem.power.here,
        mode: modem.mode,
        present: modem.present,
        registration: radio.registration,
        signal: radio.signal,
        sim: card === undefined ? 'absent' : card.state,
        ...(card === undefined ? {} : { pinTries: card.tries.pin, pukTries: card.tries.puk }),
        messages: { SM: sms.memory('SM')?.used ?? 0, ME: sms.memory('ME')?.used ?? 0 },
        contexts: packet.contexts.flatMap(([cid, { apn }]) => {
          const address = packet.address(cid)
          return address === undefined ? [] : [{ cid, apn, address }]
        }),
        socket: packet.socket !== undefined,
      }
    }),
    calls: exchange.calls.map(({ id, from, number, state, voice }) => ({
      id,
      from: from.number,
      to: number,
      state,
      voice,
    })),
    messagesWaiting: centre.waiting,
    sms: centre.faults,
    apns: packets.apns.map(({ options }) => ({
      name: options.name,
      endpoints: Object.keys(options.endpoints),
      internet: options.internet !== false,
      refuse: options.refuse,
    })),
  }
}

export type WorldState = ReturnType<typeof stateOf>
