// `forwarder.js URL`: passes requests on to the URL, each with a token, for programs that have no option for one. Method,
// path, `Host` and all other headers stay as they are, and answers stream.

import http from 'node:http'

import { listen } from './listening.js'

const target = new URL(process.argv[2])
const authorization = `Bearer ${process.env.SECRET}`

listen((request, response) => {
  const onward = http.request({
    host: target.hostname,
    port: target.port,
    path: target.pathname + request.url,
    method: request.method,
    headers: { ...request.headers, authorization },
  })
  onward.on('response', (answer) => {
    response.writeHead(answer.statusCode, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  request.pipe(onward)
})
