// The AI SDK's UI message stream.

import { pieces } from './much.js'

function answer() {
  const text = (delta) => ({ type: 'text-delta', id: '1', delta })
  return {
    headers: { 'x-vercel-ai-ui-message-stream': 'v1' },
    first: [{ type: 'start' }, { type: 'text-start', id: '1' }, text('one')],
    last: [text('done'), { type: 'text-end', id: '1' }, { type: 'finish' }, '[DONE]'],
    *much() {
      for (const piece of pieces()) yield text(piece)
    },
  }
}

export const uiMessages = { answer }
