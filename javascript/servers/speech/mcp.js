// MCP over streamable HTTP: the generation with `initialize` (2025-11-25), and the stateless one (2026-07-28).

import { MUCH } from './much.js'

const TOOL = {
  name: 'perform',
  description: 'Performs a scenario',
  inputSchema: { type: 'object', properties: { what: { type: 'string' } }, required: ['what'] },
}
const CAPABILITIES = { tools: {}, logging: {} }
const SERVER = { name: 'scripted', version: '1' }
// What results of 2026-07-28 have beside their own members; older clients read past it.
const UNCACHED = { resultType: 'complete', ttlMs: 0, cacheScope: 'private' }

const RESULTS = {
  initialize: { protocolVersion: '2025-11-25', capabilities: CAPABILITIES, serverInfo: SERVER },
  ping: {},
  'logging/setLevel': {},
  'server/discover': {
    ...UNCACHED,
    supportedVersions: ['2026-07-28', '2025-11-25'],
    capabilities: CAPABILITIES,
    _meta: { 'io.modelcontextprotocol/serverInfo': SERVER },
  },
  'tools/list': { ...UNCACHED, tools: [TOOL] },
}

function whole({ id, method, params }, { session, works }) {
  if (method === 'notifications/cancelled') {
    const work = [...works.values()].find((one) => one.session && one.session === session)
    work?.cancel('notifications/cancelled', [])
  }
  if (id === undefined) return { status: 202 }
  if (method === 'tools/call') return undefined
  const result = RESULTS[method]
  if (result) return { body: { jsonrpc: '2.0', id, result } }
  const error = { code: -32601, message: `there is no method ${JSON.stringify(method)}` }
  return { status: params ? 404 : 400, body: { jsonrpc: '2.0', id, error } }
}

function answer({ id, params }) {
  const token = params._meta?.progressToken
  const progress = { method: 'notifications/progress', params: { progressToken: token, progress: 1, message: 'one' } }
  const log = { method: 'notifications/message', params: { level: 'info', data: 'one' } }
  const result = (text) => ({
    jsonrpc: '2.0',
    id,
    result: { resultType: 'complete', content: [{ type: 'text', text }] },
  })
  return {
    first: [{ jsonrpc: '2.0', ...(token === undefined ? log : progress) }],
    last: [result('done')],
    // A result is one message, however long.
    *much() {
      yield result('x'.repeat(MUCH))
    },
  }
}

export const mcp = { whole, answer }
