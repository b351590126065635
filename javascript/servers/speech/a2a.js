// A2A 1.0 in JSON-RPC.

import { randomUUID } from 'node:crypto'

import { pieces } from './much.js'

function whole({ id, method, params }, { works }) {
  if (method !== 'CancelTask') return undefined
  const task = { id: params.id, contextId: params.id, status: { state: 'TASK_STATE_CANCELED' } }
  const work = [...works.values()].find((one) => one.task === params.id)
  work?.cancel('CancelTask', work.canceled)
  return { body: { jsonrpc: '2.0', id, result: task } }
}

function answer({ id }) {
  const taskId = randomUUID()
  const contextId = randomUUID()
  const said = (result) => ({ jsonrpc: '2.0', id, result })
  const state = (name) => said({ statusUpdate: { taskId, contextId, status: { state: `TASK_STATE_${name}` } } })
  const text = (words) =>
    said({ artifactUpdate: { taskId, contextId, artifact: { artifactId: randomUUID(), parts: [{ text: words }] } } })
  return {
    task: taskId,
    first: [said({ task: { id: taskId, contextId, status: { state: 'TASK_STATE_WORKING' } } }), text('one')],
    last: [text('done'), state('COMPLETED')],
    canceled: [state('CANCELED')],
    *much() {
      for (const piece of pieces()) yield text(piece)
    },
  }
}

function card(url) {
  return {
    name: 'scripted',
    description: 'Performs a scenario',
    version: '1',
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'perform', name: 'perform', description: 'Performs a scenario', tags: ['test'] }],
    supportedInterfaces: [{ url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  }
}

export const a2a = { whole, answer, card }
