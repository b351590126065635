// What the server offers, by the kind of request.

import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import {
  CallToolRequestSchema,
  CompleteRequestSchema,
  GetPromptRequestSchema,
  ListPromptsRequestSchema,
  ListResourcesRequestSchema,
  ListResourceTemplatesRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js'

import { PROMPTS } from './prompts.js'
import { read, RESOURCES, TEMPLATES } from './resources.js'
import { TOOLS } from './tools.js'

const CAPABILITIES = {
  completions: {},
  logging: {},
  prompts: {},
  resources: { subscribe: true },
  tools: {},
}

export function conforming() {
  const server = new Server({ name: 'conforming', version: '1' }, { capabilities: CAPABILITIES })
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: TOOLS.map(({ name, inputSchema }) => ({ name, description: name, inputSchema })),
  }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, context) => {
    const tool = named(TOOLS, params.name)
    try {
      return { content: await tool.call(params.arguments ?? {}, context, params._meta?.progressToken) }
    } catch (error) {
      return { isError: true, content: [{ type: 'text', text: error.message }] }
    }
  })
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: RESOURCES }))
  server.setRequestHandler(ListResourceTemplatesRequestSchema, () => ({ resourceTemplates: TEMPLATES }))
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => ({ contents: [read(params.uri)] }))
  server.setRequestHandler(SubscribeRequestSchema, () => ({}))
  server.setRequestHandler(UnsubscribeRequestSchema, () => ({}))
  server.setRequestHandler(ListPromptsRequestSchema, () => ({
    prompts: PROMPTS.map(({ name, takes }) => ({
      name,
      description: name,
      arguments: takes.map((argument) => ({ name: argument, required: true })),
    })),
  }))
  server.setRequestHandler(GetPromptRequestSchema, ({ params }) => ({
    messages: named(PROMPTS, params.name)
      .says(params.arguments ?? {})
      .map((content) => ({ role: 'user', content })),
  }))
  server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: [], total: 0, hasMore: false } }))
  return server
}

function named(list, name) {
  const found = list.find((one) => one.name === name)
  if (!found) throw new Error(`there is no ${JSON.stringify(name)}`)
  return found
}
