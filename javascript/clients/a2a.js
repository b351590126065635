// The official A2A SDK (`@a2a-js/sdk`). It finds the agent by its card, and gives up a call by canceling its task.

import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client'
import { Role, TaskState } from '@a2a-js/sdk'

import { run } from './report.js'

function factory(headers) {
  const fetchImpl = (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...headers } })
  return new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  })
}

function messageOf(what) {
  return {
    tenant: '',
    message: {
      messageId: crypto.randomUUID(),
      contextId: '',
      taskId: '',
      role: Role.ROLE_USER,
      parts: [{ content: { $case: 'text', value: what }, filename: '', mediaType: '', metadata: undefined }],
      metadata: undefined,
      extensions: [],
      referenceTaskIds: [],
    },
    configuration: undefined,
    metadata: undefined,
  }
}

await run('a2a-js', async ({ url, headers, what, signal }) => {
  const client = await factory(headers).createFromUrl(url)
  let text = ''
  for await (const { payload } of client.sendMessageStream(messageOf(what))) {
    const { $case: kind, value } = payload ?? {}
    if (kind === 'task') {
      const cancel = () => client.cancelTask({ tenant: '', id: value.id, metadata: undefined })
      if (signal.aborted) cancel()
      signal.addEventListener('abort', cancel)
    }
    if (kind === 'artifactUpdate') text += value.artifact.parts[0].content.value
    if (kind === 'statusUpdate' && !text.endsWith('done')) text = TaskState[value.status.state]
  }
  return text
})
