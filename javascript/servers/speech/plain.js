// Events of no protocol, as most agents of AgentCore's HTTP contract send them.

import { pieces } from './much.js'

function answer() {
  return {
    first: [{ text: 'one' }],
    last: [{ text: 'done' }],
    *much() {
      for (const piece of pieces()) yield { text: piece }
    },
  }
}

export const plain = { answer }
