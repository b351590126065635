// Prompts, as the suite names them.

import { image, resource, text } from './samples.js'

export const PROMPTS = [
  { name: 'test_simple_prompt', takes: [], says: () => [text('A simple prompt.')] },
  {
    name: 'test_prompt_with_arguments',
    takes: ['arg1', 'arg2'],
    says: ({ arg1, arg2 }) => [text(`A prompt with ${arg1} and ${arg2}.`)],
  },
  {
    name: 'test_prompt_with_embedded_resource',
    takes: ['resourceUri'],
    says: ({ resourceUri }) => [
      resource(resourceUri, 'text/plain', 'An embedded resource.'),
      text('Look at the resource.'),
    ],
  },
  { name: 'test_prompt_with_image', takes: [], says: () => [image(), text('Look at the image.')] },
]
