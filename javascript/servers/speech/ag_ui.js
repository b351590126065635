// AG-UI over server-sent events.

import { pieces } from './much.js'

function answer({ threadId, runId }) {
  const messageId = `${runId}-answer`
  const text = (delta) => ({ type: 'TEXT_MESSAGE_CONTENT', messageId, delta })
  return {
    first: [
      { type: 'RUN_STARTED', threadId, runId },
      { type: 'TEXT_MESSAGE_START', messageId, role: 'assistant' },
      text('one'),
    ],
    last: [text('done'), { type: 'TEXT_MESSAGE_END', messageId }, { type: 'RUN_FINISHED', threadId, runId }],
    *much() {
      for (const piece of pieces()) yield text(piece)
    },
  }
}

export const agUi = { answer }
