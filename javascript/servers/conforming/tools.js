// Tools, as the suite names them.

import { setTimeout as pause } from 'node:timers/promises'

import { CreateMessageResultSchema, ElicitResultSchema } from '@modelcontextprotocol/sdk/types.js'

import { image, resource, SOUND, text } from './samples.js'

// Milliseconds between two steps of a tool that shows its steps.
const STEP = 50
const OPTIONS = ['option1', 'option2', 'option3']
const titled = [
  { const: 'value1', title: 'First' },
  { const: 'value2', title: 'Second' },
  { const: 'value3', title: 'Third' },
]

const object = (properties) => ({ type: 'object', properties, required: Object.keys(properties) })
const NOTHING = { type: 'object', properties: {} }

async function log(context, data) {
  await context.sendNotification({ method: 'notifications/message', params: { level: 'info', data } })
}

// Asks the client's user.
async function elicit(context, message, requestedSchema) {
  const params = { mode: 'form', message, requestedSchema }
  const { action, content } = await context.sendRequest({ method: 'elicitation/create', params }, ElicitResultSchema)
  return [text(`${action}: ${JSON.stringify(content)}`)]
}

export const TOOLS = [
  {
    name: 'test_simple_text',
    inputSchema: NOTHING,
    call: async () => [text('A simple text.')],
  },
  {
    name: 'test_image_content',
    inputSchema: NOTHING,
    call: async () => [image()],
  },
  {
    name: 'test_audio_content',
    inputSchema: NOTHING,
    call: async () => [{ type: 'audio', data: SOUND, mimeType: 'audio/wav' }],
  },
  {
    name: 'test_embedded_resource',
    inputSchema: NOTHING,
    call: async () => [resource('test://embedded-resource', 'text/plain', 'An embedded resource.')],
  },
  {
    name: 'test_multiple_content_types',
    inputSchema: NOTHING,
    call: async () => [
      text('A text.'),
      image(),
      resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
    ],
  },
  {
    name: 'test_tool_with_logging',
    inputSchema: NOTHING,
    call: async (_, context) => {
      await log(context, 'started')
      await pause(STEP)
      await log(context, 'at work')
      await pause(STEP)
      await log(context, 'completed')
      return [text('Logged.')]
    },
  },
  {
    name: 'test_tool_with_progress',
    inputSchema: NOTHING,
    call: async (_, context, progressToken) => {
      for (const progress of [0, 50, 100]) {
        const params = { progressToken, progress, total: 100 }
        if (progressToken !== undefined) await context.sendNotification({ method: 'notifications/progress', params })
        await pause(STEP)
      }
      return [text('Progressed.')]
    },
  },
  {
    name: 'test_error_handling',
    inputSchema: NOTHING,
    call: async () => {
      throw new Error('This tool fails on purpose')
    },
  },
  {
    name: 'test_sampling',
    inputSchema: object({ prompt: { type: 'string' } }),
    call: async ({ prompt }, context) => {
      const params = { messages: [{ role: 'user', content: text(prompt) }], maxTokens: 100 }
      const asked = { method: 'sampling/createMessage', params }
      const { content } = await context.sendRequest(asked, CreateMessageResultSchema)
      return [text(`LLM response: ${content.text}`)]
    },
  },
  {
    name: 'test_elicitation',
    inputSchema: object({ message: { type: 'string' } }),
    call: ({ message }, context) =>
      elicit(context, message, object({ username: { type: 'string' }, email: { type: 'string' } })),
  },
  {
    name: 'test_elicitation_sep1034_defaults',
    inputSchema: NOTHING,
    call: (_, context) =>
      elicit(
        context,
        'Your data, please',
        object({
          name: { type: 'string', default: 'John Doe' },
          age: { type: 'integer', default: 30 },
          score: { type: 'number', default: 95.5 },
          status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
          verified: { type: 'boolean', default: true },
        }),
      ),
  },
  {
    name: 'test_elicitation_sep1330_enums',
    inputSchema: NOTHING,
    call: (_, context) =>
      elicit(
        context,
        'Your choice, please',
        object({
          untitledSingle: { type: 'string', enum: OPTIONS },
          titledSingle: { type: 'string', oneOf: titled },
          legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
          untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
          titledMulti: { type: 'array', items: { anyOf: titled } },
        }),
      ),
  },
  {
    name: 'test_reconnection',
    inputSchema: NOTHING,
    // The client comes back for the result.
    call: async (_, context) => {
      context.closeSSEStream?.()
      await pause(STEP)
      return [text('Reconnected.')]
    },
  },
  {
    name: 'json_schema_2020_12_tool',
    inputSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: { address: { type: 'object', properties: { street: { type: 'string' }, city: { type: 'string' } } } },
      properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' } },
      additionalProperties: false,
    },
    call: async () => [text('A text.')],
  },
]
