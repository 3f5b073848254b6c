import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '../api/problem'
import type { ServerFrame } from '../api/types'
import { FakeSocket } from '../testing/fakeSocket'
import { aProgress, aSync } from '../testing/frames'
import { backoffMs, PING_EVERY_MS, SYNC_WITHIN_MS, useSocket } from './useSocket'

const settle = () => vi.advanceTimersByTimeAsync(0)

function open(changes: Partial<Parameters<typeof useSocket>[0]> = {}) {
  let tickets = 0
  const accepted: ServerFrame[] = []
  const url = vi.fn(async () => `ws://studio.test/ws?token=t${++tickets}`)
  const renew = vi.fn(async () => true)
  const socket = useSocket({
    url, renew, accept: frame => Boolean(accepted.push(frame)), random: () => 1, ...changes,
  })
  socket.open()
  return { ...socket, accepted, renew, url }
}

beforeEach(() => {
  vi.useFakeTimers()
  FakeSocket.all = []
  vi.stubGlobal('WebSocket', FakeSocket)
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('backoffMs', () => {
  it('doubles its ceiling from half a second to thirty seconds', () => {
    const ceilings = [0, 1, 2, 5, 6, 20].map(attempt => backoffMs(attempt, () => 1))
    expect(ceilings).toEqual([500, 1000, 2000, 16000, 30000, 30000])
  })

  it('spreads over the whole range, so that a thousand tabs do not return at once', () => {
    expect(backoffMs(3, () => 0.25)).toBe(1000)
    expect(backoffMs(3, () => 0)).toBe(50)
  })
})

describe('useSocket', () => {
  it('is live only once the first sync has come', async () => {
    const socket = open()
    await settle()
    expect(socket.status.value).toBe('connecting')
    FakeSocket.last.says(aSync())
    expect(socket.status.value).toBe('live')
  })

  it('takes a fresh ticket for each connection', async () => {
    open()
    await settle()
    FakeSocket.last.says(aSync())
    FakeSocket.last.hangsUp(1012)
    await vi.advanceTimersByTimeAsync(500)
    expect(FakeSocket.all.map(({ query }) => query.get('token'))).toEqual(['t1', 't2'])
  })

  it('says when it will try again', async () => {
    const socket = open()
    await settle()
    FakeSocket.last.hangsUp(1006)
    expect(socket.status.value).toBe('waiting')
    expect(socket.retryAt.value).toBe(Date.now() + 500)
  })

  it('waits longer after each failure, and starts over after a sync', async () => {
    const socket = open()
    await settle()
    for (const wait of [500, 1000, 2000]) {
      FakeSocket.last.hangsUp(1006)
      expect(socket.retryAt.value).toBe(Date.now() + wait)
      await vi.advanceTimersByTimeAsync(wait)
    }
    FakeSocket.last.says(aSync())
    FakeSocket.last.hangsUp(1006)
    expect(socket.retryAt.value).toBe(Date.now() + 500)
  })

  it('renews the session once after 4001 and connects again', async () => {
    const socket = open()
    await settle()
    FakeSocket.last.hangsUp(4001)
    await settle()
    expect(socket.renew).toHaveBeenCalledOnce()
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('is signed out when a renewed session is refused as well', async () => {
    const socket = open()
    await settle()
    FakeSocket.last.hangsUp(4001)
    await settle()
    FakeSocket.last.hangsUp(4001)
    await settle()
    expect(socket.renew).toHaveBeenCalledOnce()
    expect(socket.status.value).toBe('signed-out')
  })

  it('is signed out when the session cannot be renewed', async () => {
    const socket = open({ renew: async () => false })
    await settle()
    FakeSocket.last.hangsUp(4001)
    await settle()
    expect(socket.status.value).toBe('signed-out')
    expect(FakeSocket.all).toHaveLength(1)
  })

  it('keeps trying when the renewal fails on the network', async () => {
    const socket = open({ renew: () => Promise.reject(new TypeError('fetch failed')) })
    await settle()
    FakeSocket.last.hangsUp(4001)
    await settle()
    expect(socket.status.value).toBe('waiting')
  })

  it('stops at 4008 until it is opened again', async () => {
    const socket = open()
    await settle()
    FakeSocket.last.hangsUp(4008)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(socket.status.value).toBe('refused')
    expect(FakeSocket.all).toHaveLength(1)
    socket.open()
    await settle()
    expect(FakeSocket.all).toHaveLength(2)
  })

  it('is signed out when the ticket is refused', async () => {
    const socket = open({ url: () => Promise.reject(new ApiError(401, null)) })
    await settle()
    expect(socket.status.value).toBe('signed-out')
  })

  it('tries again when the ticket cannot be fetched', async () => {
    const socket = open({ url: () => Promise.reject(new TypeError('fetch failed')) })
    await settle()
    expect(socket.status.value).toBe('waiting')
  })

  it('pings every 25 seconds while it is live', async () => {
    open()
    await settle()
    FakeSocket.last.says(aSync())
    await vi.advanceTimersByTimeAsync(PING_EVERY_MS)
    FakeSocket.last.says({ type: 'pong', t: 1 })
    await vi.advanceTimersByTimeAsync(PING_EVERY_MS)
    expect(FakeSocket.last.sent.map(text => JSON.parse(text).type)).toEqual(['ping', 'ping'])
  })

  it('gives up a connection that no longer answers', async () => {
    const socket = open()
    await settle()
    FakeSocket.last.says(aSync())
    await vi.advanceTimersByTimeAsync(3 * PING_EVERY_MS)
    expect(FakeSocket.all[0]?.closedWith).toBe(1000)
    expect(socket.status.value).not.toBe('live')
  })

  it('gives up a connection that never brings its first sync', async () => {
    const socket = open()
    await settle()
    await vi.advanceTimersByTimeAsync(SYNC_WITHIN_MS)
    expect(socket.status.value).toBe('waiting')
  })

  it('ignores what an older socket still says', async () => {
    const socket = open()
    await settle()
    const old = FakeSocket.last
    old.hangsUp(1006)
    await vi.advanceTimersByTimeAsync(500)
    old.says(aProgress(1))
    old.hangsUp(4008)
    expect(socket.accepted).toEqual([])
    expect(socket.status.value).toBe('connecting')
  })

  it('reconnects when a frame is not accepted', async () => {
    const socket = open({ accept: frame => frame.type === 'sync' })
    await settle()
    FakeSocket.last.says(aSync())
    FakeSocket.last.says(aProgress(1))
    expect(socket.status.value).toBe('waiting')
  })

  it('says that it is offline instead of counting down', async () => {
    vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    const socket = open()
    await settle()
    FakeSocket.last.hangsUp(1006)
    expect(socket.status.value).toBe('offline')
  })

  it('opens nothing after it was closed while the ticket was on its way', async () => {
    const socket = open()
    socket.close()
    await settle()
    expect(FakeSocket.all).toEqual([])
    expect(socket.status.value).toBe('idle')
  })
})
