// An agent that speaks MCP, A2A, AG-UI, the AI SDK's UI message stream and plain events, and goes wrong in the way that
// its caller asks for: a message holds `scenario:NAME:CLIENT`.
//
// A test looks at it and steers it by three further paths: `GET /started/CLIENT` is answered once the client's call
// `work` runs, `GET /seen/CLIENT` tells what has become of that call, `POST /finish/CLIENT` ends it.

import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'

import { a2a } from './speech/a2a.js'
import { agUi } from './speech/ag_ui.js'
import { mcp } from './speech/mcp.js'
import { plain } from './speech/plain.js'
import { uiMessages } from './speech/ui_messages.js'
import { bodyOf, listen } from './listening.js'
import { Work } from './work.js'

// Longer than the door waits before it writes a comment.
const SILENCE = 17_000
// So that what was said has left before the connection breaks.
const BREATH = 300

const works = new Map()

function work(client) {
  if (!works.has(client)) works.set(client, new Work())
  return works.get(client)
}

// Which protocol a request speaks, by the paths of AgentCore's contracts and the form of the body.
function speechOf(path, message) {
  if (path === '/mcp') return mcp
  if (path === '/') return a2a
  if (message.threadId) return agUi
  return message.messages ? uiMessages : plain
}

// How each scenario goes on after the first events.
const SCENARIOS = {
  plain: (reply) => reply.finish(),
  pause: async (reply) => {
    await pause(SILENCE)
    await reply.finish()
  },
  cut: async (reply) => {
    await pause(BREATH)
    reply.break()
  },
  torn: async (reply) => {
    await reply.sayHalf()
    await pause(BREATH)
    reply.break()
  },
  silent: (reply) => reply.untilLeft(),
  long: (reply) => reply.sayMuch(),
  work: async (reply, work) => {
    work.start()
    reply.response.on('close', () => {
      work.hungUp = work.isRunning
    })
    await (await work.end)(reply)
  },
}

// An answer under way.
class Reply {
  constructor(response, speech, message, hasIds) {
    this.response = response
    this.speech = speech.answer(message)
    this.hasIds = hasIds
    this.count = 0
  }

  async begin() {
    this.response.writeHead(200, { 'content-type': 'text/event-stream', ...this.speech.headers })
    for (const data of this.speech.first) await this.say(data)
  }

  // As one event, whose `data` is on one line.
  event(data) {
    this.count += 1
    const id = this.hasIds ? `id: ${this.count}\n` : ''
    return `${id}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
  }

  async write(text) {
    if (this.response.write(text) || this.response.closed) return
    const over = new AbortController()
    const either = ['drain', 'close'].map((event) => once(this.response, event, { signal: over.signal }))
    await Promise.race(either)
    either.forEach((one) => one.catch(() => {}))
    over.abort()
  }

  say(data) {
    return this.write(this.event(data))
  }

  async sayHalf() {
    const whole = this.event(this.speech.last[0])
    await this.write(whole.slice(0, whole.length / 2))
  }

  async sayMuch() {
    for (const data of this.speech.much()) await this.say(data)
    await this.finish()
  }

  async finish(last = this.speech.last) {
    for (const data of last) await this.say(data)
    this.response.end()
  }

  break() {
    this.response.socket.destroy()
  }

  untilLeft() {
    return once(this.response, 'close')
  }
}

async function answer(request, response) {
  const body = await bodyOf(request)
  const [, scenario, client] = /scenario:([a-z]+):([a-z0-9-]+)/.exec(body) ?? []
  const message = JSON.parse(body)
  const speech = speechOf(request.url, message)
  const session = request.headers['mcp-session-id']
  const whole = speech.whole?.(message, { session, works })
  if (whole) {
    response.writeHead(whole.status ?? 200, { 'content-type': 'application/json' })
    response.end(whole.body && JSON.stringify(whole.body))
    return
  }
  const reply = new Reply(response, speech, message, scenario === 'pause')
  const at = scenario === 'work' ? work(client) : undefined
  const { task, canceled } = reply.speech
  at?.of({ session, revision: request.headers['mcp-protocol-version'] ?? null, task, canceled })
  await reply.begin()
  await SCENARIOS[scenario](reply, at)
}

async function steer(request, response) {
  const [, verb, client] = request.url.split('/')
  if (verb === 'started') await work(client).started
  if (verb === 'finish') work(client).finish()
  const { told, hungUp, revision } = work(client)
  response.writeHead(200, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ told, hung_up: hungUp, revision }))
}

const server = listen(async (request, response) => {
  if (/^\/(started|seen|finish)\//.test(request.url)) return steer(request, response)
  if (request.url === '/ping') return response.end('{"status":"Healthy"}')
  if (request.url === '/.well-known/agent-card.json') {
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify(a2a.card(`http://127.0.0.1:${server.address().port}/`)))
  }
  if (request.method !== 'POST') {
    response.writeHead(405, { allow: 'POST' })
    return response.end()
  }
  return answer(request, response)
})
