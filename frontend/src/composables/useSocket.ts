/** One WebSocket that stays: tickets, pings, full-jitter reconnects, and the close codes of the contract. */
import { ref, shallowRef } from 'vue'
import { ApiError } from '../api/problem'
import type { ClientFrame, ServerFrame } from '../api/types'

export type SocketStatus = 'idle' | 'connecting' | 'live' | 'waiting' | 'offline' | 'refused' | 'signed-out'

export const CLOSE_UNAUTHENTICATED = 4001
export const CLOSE_TOO_MANY = 4008
export const PING_EVERY_MS = 25_000
export const SYNC_WITHIN_MS = 15_000
const BASE_MS = 500
const CAP_MS = 30_000

/** Full jitter: anything up to min(30 s, 0.5 s · 2^attempt), and never under a twentieth of a second. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.max(50, Math.min(CAP_MS, BASE_MS * 2 ** attempt) * random())
}

export interface SocketOptions {
  /** Make the URL, with a fresh ticket and the position to resume from. */
  url: () => Promise<string>
  /** Take a frame; false asks for a new connection, because the stream has a hole. */
  accept: (frame: ServerFrame) => boolean
  /** Renew the session once after 4001; false when it has ended. */
  renew: () => Promise<boolean>
  /** @default Math.random */
  random?: () => number
}

/** Keep a connection until `close`; every callback of an older socket is ignored. */
export function useSocket({ url, accept, renew, random = Math.random }: SocketOptions) {
  const status = ref<SocketStatus>('idle')
  const retryAt = ref<number | null>(null)
  const heardAt = ref<number | null>(null)
  const socket = shallowRef<WebSocket | null>(null)
  let attempt = 0
  let renewed = false
  let round = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let heartbeat: ReturnType<typeof setInterval> | undefined

  function drop(): void {
    round += 1
    clearTimeout(timer)
    clearInterval(heartbeat)
    retryAt.value = null
    socket.value?.close(1000)
    socket.value = null
  }

  function rest(as: SocketStatus): void {
    drop()
    status.value = as
  }

  function retry(): void {
    drop()
    if (!navigator.onLine)
      return rest('offline')
    const delay = backoffMs(attempt++, random)
    retryAt.value = Date.now() + delay
    status.value = 'waiting'
    timer = setTimeout(connect, delay)
  }

  async function connect(): Promise<void> {
    drop()
    const mine = round
    status.value = 'connecting'
    const address = await url().catch((error: unknown) => {
      if (mine === round)
        rejectTicket(error)
      return null
    })
    if (address !== null && mine === round)
      listen(new WebSocket(address), mine)
  }

  function rejectTicket(error: unknown): void {
    // The client has renewed once already: this 401 is final.
    if (error instanceof ApiError && error.status === 401)
      rest('signed-out')
    else
      retry()
  }

  function listen(opened: WebSocket, mine: number): void {
    socket.value = opened
    timer = setTimeout(retry, SYNC_WITHIN_MS)
    opened.onmessage = (event: MessageEvent<string>) => mine === round && receive(event.data)
    opened.onclose = event => mine === round && void closed(event.code)
  }

  function receive(text: string): void {
    const frame = JSON.parse(text) as ServerFrame
    heardAt.value = Date.now()
    if (frame.type === 'sync')
      synced()
    if (!accept(frame))
      retry()
  }

  function synced(): void {
    clearTimeout(timer)
    clearInterval(heartbeat)
    attempt = 0
    renewed = false
    status.value = 'live'
    heartbeat = setInterval(beat, PING_EVERY_MS)
  }

  function beat(): void {
    // Two rounds without a word: the network went away without telling.
    if (Date.now() - (heardAt.value ?? 0) > 2 * PING_EVERY_MS)
      retry()
    else
      send({ type: 'ping', t: Date.now() })
  }

  async function closed(code: number): Promise<void> {
    if (code === CLOSE_TOO_MANY)
      return rest('refused')
    if (code !== CLOSE_UNAUTHENTICATED)
      return retry()
    if (renewed)
      return rest('signed-out')
    await renewOnce()
  }

  async function renewOnce(): Promise<void> {
    drop()
    const mine = round
    renewed = true
    status.value = 'connecting'
    try {
      const renewal = await renew()
      if (mine === round)
        await (renewal ? connect() : rest('signed-out'))
    } catch {
      renewed = false
      if (mine === round)
        retry()
    }
  }

  function send(frame: ClientFrame): void {
    if (socket.value?.readyState === WebSocket.OPEN)
      socket.value.send(JSON.stringify(frame))
  }

  /** Connect now, whatever the back-off says. */
  function open(): void {
    attempt = 0
    renewed = false
    void connect()
  }

  return { status, retryAt, heardAt, open, close: () => rest('idle'), goOffline: () => rest('offline') }
}
