// What can be read.

import { IMAGE } from './samples.js'

export const RESOURCES = [
  { uri: 'test://static-text', name: 'text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'binary', mimeType: 'image/png' },
  { uri: 'test://watched-resource', name: 'watched', mimeType: 'text/plain' },
]

export const TEMPLATES = [{ uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' }]

export function read(uri) {
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? []
  if (id) return { uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true }) }
  const known = RESOURCES.find((resource) => resource.uri === uri)
  if (!known) throw new Error(`there is no resource ${JSON.stringify(uri)}`)
  const { mimeType } = known
  return mimeType === 'image/png' ? { uri, mimeType, blob: IMAGE } : { uri, mimeType, text: `the text of ${uri}` }
}
