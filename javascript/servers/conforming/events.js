// The events of a session's streams, kept so that a client can ask for those that it has missed.

export class Events {
  constructor() {
    this.kept = []
  }

  async storeEvent(stream, message) {
    this.kept.push({ stream, message })
    return String(this.kept.length)
  }

  async getStreamIdForEventId(id) {
    return this.kept[id - 1]?.stream
  }

  async replayEventsAfter(id, { send }) {
    const { stream } = this.kept[id - 1]
    for (const [at, event] of this.kept.entries()) {
      // An event without a message only gives a client an id to begin with.
      const missed = at >= Number(id) && event.stream === stream && event.message.method !== undefined
      const answered = at >= Number(id) && event.stream === stream && event.message.id !== undefined
      if (missed || answered) await send(String(at + 1), event.message)
    }
    return stream
  }
}
