// `fetch`, and the parser of events that most clients are built on (`eventsource-parser`).

import { EventSourceParserStream } from 'eventsource-parser/stream'

import { run } from './report.js'

await run('fetch', async ({ url, headers, what, signal }) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream', 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: what }),
    signal,
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  let text = ''
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  for await (const { event, data } of events) {
    if (event) throw new Error(`event ${event}: ${data}`)
    text += JSON.parse(data).text
  }
  return text
})
