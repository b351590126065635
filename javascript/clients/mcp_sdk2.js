// The official MCP SDK, second generation (`@modelcontextprotocol/client`). It speaks the stateless MCP where the server
// does.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'

import { run } from './report.js'

await run('mcp-ts-2', async ({ url, headers, what, signal }) => {
  const client = new Client({ name: 'matrix', version: '1' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  const call = { name: 'perform', arguments: { what } }
  const result = await client.callTool(call, { signal, onprogress: () => {} })
  return result.content[0].text
})
