// The MCP client of the AI SDK (`@ai-sdk/mcp`).

import { createMCPClient } from '@ai-sdk/mcp'

import { run } from './report.js'

await run('ai-sdk-mcp', async ({ url, headers, what, signal }) => {
  const client = await createMCPClient({ transport: { type: 'http', url, headers } })
  const call = { name: 'perform', arguments: { what }, options: { signal } }
  const result = await client.callTool(call)
  return result.content[0].text
})
