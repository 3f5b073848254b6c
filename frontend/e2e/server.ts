/** The real server, on a port and in a data directory of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const START_WITHIN_MS = 60_000
const STOP_WITHIN_MS = 20_000

export interface Server {
  origin: string
  stop: () => Promise<void>
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function untilReady(origin: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_WITHIN_MS
  while (Date.now() < deadline && child.exitCode === null) {
    const response = await fetch(`${origin}/readyz`).catch(() => null)
    if (response?.ok)
      return
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`the server is not ready (exit code ${child.exitCode})`)
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null)
    return
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  child.kill('SIGTERM')
  await ended
  clearTimeout(timer)
}

/** Start it and wait until it is ready; its log is kept in its directory and shown when it fails. */
export async function startServer(): Promise<Server> {
  const directory = mkdtempSync(join(tmpdir(), 'studio-e2e-'))
  const log = join(directory, 'server.log')
  const output = openSync(log, 'w')
  const port = await freePort()
  const child = spawn(
    join(ROOT, '.venv/bin/studio'),
    ['serve', '--port', String(port), '--data-dir', join(directory, 'data')],
    {
      cwd: ROOT,
      stdio: ['ignore', output, output],
      env: { ...process.env, HOST: '127.0.0.1', LOG_FORMAT: 'json', WORKERS: '1', REGISTRATION: 'open' },
    },
  )
  closeSync(output)
  const origin = `http://127.0.0.1:${port}`
  const stop = async () => {
    await end(child)
    rmSync(directory, { recursive: true, force: true })
  }
  await untilReady(origin, child).catch(async (error: unknown) => {
    const said = readFileSync(log, 'utf8')
    await stop()
    throw new Error(`${String(error)}\n${said}`)
  })
  return { origin, stop }
}
