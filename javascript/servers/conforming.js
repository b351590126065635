// A server on the official MCP SDK with everything that the official conformance suite asks for: tools, resources,
// prompts, completions, log messages, requests to the client, and streams that can be resumed.
//
// It keeps a session for each client, and takes requests for loopback names alone.

import { randomUUID } from 'node:crypto'

import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js'

import { Events } from './conforming/events.js'
import { conforming } from './conforming/server.js'
import { bodyOf, listen } from './listening.js'

const sessions = new Map()

async function begin(port) {
  const hosts = ['127.0.0.1', 'localhost', '[::1]'].map((host) => `${host}:${port}`)
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
    eventStore: new Events(),
    // Milliseconds until a client that is asked to poll comes back.
    retryInterval: 500,
    enableDnsRebindingProtection: true,
    allowedHosts: hosts,
    allowedOrigins: hosts.map((host) => `http://${host}`),
  })
  await conforming().connect(transport)
  return transport
}

function refuse(response, status, message) {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32000, message } }))
}

const server = listen(async (request, response) => {
  if (request.url !== '/mcp') return refuse(response, 404, 'there is nothing at this path')
  const body = await bodyOf(request)
  const message = body ? JSON.parse(body) : undefined
  const known = sessions.get(request.headers['mcp-session-id'])
  if (!known && !isInitializeRequest(message)) return refuse(response, 404, 'there is no such session')
  const transport = known ?? (await begin(server.address().port))
  return transport.handleRequest(request, response, message)
})
