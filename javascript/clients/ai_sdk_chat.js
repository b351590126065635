// The chat of the AI SDK (`ai`), as its hooks for React, Vue and Svelte run it.

import { AbstractChat, DefaultChatTransport } from 'ai'

import { run } from './report.js'

class State {
  status = 'ready'
  error = undefined
  messages = []

  pushMessage = (message) => {
    this.messages = this.messages.concat(message)
  }
  popMessage = () => {
    this.messages = this.messages.slice(0, -1)
  }
  replaceMessage = (index, message) => {
    this.messages = this.messages.with(index, message)
  }
  snapshot = (thing) => thing
}

class Chat extends AbstractChat {
  constructor(transport) {
    super({ transport, state: new State() })
  }
}

await run('ai-sdk-chat', async ({ url, headers, what, signal }) => {
  const chat = new Chat(new DefaultChatTransport({ api: url, headers }))
  signal.addEventListener('abort', () => chat.stop())
  await chat.sendMessage({ text: what })
  if (chat.error) throw chat.error
  if (signal.aborted) throw new Error('no error, the chat is ready again')
  const parts = chat.messages.at(-1).parts.filter((part) => part.type === 'text')
  return parts.map((part) => part.text).join('')
})
