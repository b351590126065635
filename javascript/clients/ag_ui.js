// The official AG-UI client (`@ag-ui/client`).

import { HttpAgent } from '@ag-ui/client'

import { run } from './report.js'

await run('ag-ui', async ({ url, headers, what, signal }) => {
  const agent = new HttpAgent({ url, headers, initialMessages: [{ id: '1', role: 'user', content: what }] })
  signal.addEventListener('abort', () => agent.abortRun())
  let failure
  await agent.runAgent(
    {},
    {
      onRunErrorEvent: ({ event }) => {
        failure = new Error(`${event.message} (${event.code})`)
      },
    },
  )
  if (failure) throw failure
  return agent.messages.at(-1).content ?? ''
})
