// The official MCP SDK, first generation (`@modelcontextprotocol/sdk`).

import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'

import { run } from './report.js'

await run('mcp-ts-1', async ({ url, headers, what, signal }) => {
  const client = new Client({ name: 'matrix', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
  const call = { name: 'perform', arguments: { what } }
  const result = await client.callTool(call, undefined, { signal, onprogress: () => {} })
  return result.content[0].text
})
