// One call that runs until it is told to end.

export class Work {
  constructor() {
    this.told = null
    this.hungUp = false
    this.isRunning = false
    this.started = new Promise((resolve) => {
      this.resolveStarted = resolve
    })
    this.end = new Promise((resolve) => {
      this.resolveEnd = resolve
    })
  }

  // What names it in later messages, the session it belongs to or its task; the revision of MCP that it came in; and what
  // the agent says once it is canceled.
  of({ session, revision, task, canceled }) {
    Object.assign(this, { session, revision, task, canceled })
  }

  start() {
    this.isRunning = true
    this.resolveStarted()
  }

  finish() {
    this.isRunning = false
    this.resolveEnd((reply) => reply.finish())
  }

  // The client says in its protocol's words that it is no longer interested; `last` is what the agent says to that.
  cancel(words, last) {
    this.told = words
    this.isRunning = false
    this.resolveEnd((reply) => reply.finish(last))
  }
}
