// What the client programs share: `PROGRAM URL FORBIDDEN WATCH SCENARIO...`, with a token in the environment. What the
// client's user sees of each scenario leaves as one JSON document. Those that wait are tried at once, and beside them the
// others one after the other.
//
// At `WATCH` the agent tells when the call of the scenario `work` runs, so that its client gives it up then.

import { setTimeout as pause } from 'node:timers/promises'

const [URL, FORBIDDEN, WATCH, ...SCENARIOS] = process.argv.slice(2)
const TOKEN = process.env.SECRET
// 20 MB, as the agent sends them.
const MUCH = 20_000_000
// Milliseconds after which a client is taken to wait for ever: more than any waits by itself.
const FOR_EVER = 90_000
// Scenarios that do little but wait.
const WAITING = ['pause', 'silent', 'work']

// Runs `ask({url, headers, what, signal})`, which gives the text of the agent's answer, or throws what its user would
// be shown; `signal` is aborted when the call is to be given up.
export async function run(client, ask) {
  const seen = {}
  const look = async (scenario) => {
    seen[scenario] = await tried(client, scenario, ask)
  }
  const others = async () => {
    for (const scenario of SCENARIOS.filter((one) => !WAITING.includes(one))) await look(scenario)
  }
  await Promise.all([others(), ...SCENARIOS.filter((one) => WAITING.includes(one)).map(look)])
  console.log(JSON.stringify(seen))
  // Some clients keep connections open.
  process.exit()
}

async function tried(client, scenario, ask) {
  const url = scenario === 'forbidden' ? FORBIDDEN : URL
  const token = scenario === 'unauthorized' ? 'not.a.token' : TOKEN
  const given = new AbortController()
  if (scenario === 'work') started(client).then(() => given.abort())
  const refused = ['forbidden', 'unauthorized'].includes(scenario)
  const what = `scenario:${refused ? 'plain' : scenario}:${client}`
  const headers = token ? { authorization: `Bearer ${token}` } : {}
  if (scenario === 'work') headers['x-conversation-id'] = client
  const asked = performance.now()
  const outcome = ask({ url, headers, what, signal: given.signal }).then(
    (text) => answered(text, scenario),
    (error) => `error: ${describe(error)}`,
  )
  const said = await Promise.race([outcome, pause(FOR_EVER, 'error: nothing, it waits', { ref: false })])
  return { said, seconds: (performance.now() - asked) / 1000 }
}

async function started(client) {
  await (await fetch(`${WATCH}/started/${client}`)).text()
}

function answered(text, scenario) {
  // How much of the answer had come when it was given up differs from run to run.
  if (scenario === 'work') return text.startsWith('TASK_') ? `no error, ends with: ${text}` : 'no error'
  const whole = scenario === 'long' ? text.length >= MUCH : text.endsWith('done')
  return whole ? 'whole' : `no error, ends with: ${text.slice(-1000)}`
}

// As a program would print it: the message, and what it is caused by, if that says more.
function describe(error) {
  const said = `${error.message || error.name || error}`
  const cause = error.cause ? describe(error.cause) : said
  return said.includes(cause) ? said : `${said}: ${cause}`
}
