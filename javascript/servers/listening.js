// Listens on a free port of 127.0.0.1, says where, and ends with the test that started it.

import http from 'node:http'

export function listen(handler) {
  const server = http.createServer(handler)
  server.requestTimeout = 0
  // A connection that is closed while it is idle may have another request on its way.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`))
  // The test holds the other end open as long as it lives.
  process.stdin.resume()
  process.stdin.on('end', () => process.exit())
  return server
}

export async function bodyOf(request) {
  const pieces = []
  for await (const piece of request) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}
