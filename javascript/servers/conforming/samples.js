// An image of one pixel, and a sound without a sample.

export const IMAGE =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
export const SOUND = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA='

export const text = (words) => ({ type: 'text', text: words })
export const image = () => ({ type: 'image', data: IMAGE, mimeType: 'image/png' })
export const resource = (uri, mimeType, words) => ({ type: 'resource', resource: { uri, mimeType, text: words } })
