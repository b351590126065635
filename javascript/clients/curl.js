// `curl`, as a person would call it.

import { execFile } from 'node:child_process'

import { run } from './report.js'

const MOST = 100_000_000

await run('curl', ({ url, headers, what, signal }) => {
  const fields = Object.entries({ ...headers, 'content-type': 'application/json' })
  const given = fields.flatMap(([name, value]) => ['--header', `${name}: ${value}`])
  const body = ['--data', JSON.stringify({ prompt: what })]
  const line = ['--silent', '--show-error', '--no-buffer', '--fail-with-body', ...given, ...body, url]
  return new Promise((resolve, reject) => {
    execFile('curl', line, { signal, maxBuffer: MOST }, (error, stdout) => {
      const lines = stdout.trimEnd().split('\n')
      if (error?.name === 'AbortError') reject(new Error('interrupted'))
      else if (error) reject(new Error(`exit code ${error.code}, prints ${stdout.trim()}`))
      else resolve(lines.at(-1) === 'data: {"text":"done"}' ? `${stdout}done` : lines.slice(-2).join(' '))
    })
  })
})
