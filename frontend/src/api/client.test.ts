import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { renewAccess, setAccess } from './access'
import { call } from './client'
import { ApiError, messageOf } from './problem'

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers })
}

function requests(): Request[] {
  return vi.mocked(fetch).mock.calls.map(([input]) => input).filter(input => input instanceof Request)
}

beforeEach(() => {
  vi.stubGlobal('location', new URL('http://studio.test/'))
  vi.stubGlobal('fetch', vi.fn())
  setAccess({ access_token: 'old' } as never)
})

afterEach(() => {
  setAccess(null)
  vi.unstubAllGlobals()
})

describe('call', () => {
  it('fills in the path, leaves out what is not asked, and sends the token', async () => {
    vi.mocked(fetch).mockResolvedValueOnce(json({ items: [], next_cursor: null }))
    await call('get', '/api/benchmarks/{benchmark_id}/requests', {
      path: { benchmark_id: 'a/b' }, query: { limit: 5, cursor: undefined },
    })
    expect(requests()[0]?.url).toBe('http://studio.test/api/benchmarks/a%2Fb/requests?limit=5')
    expect(requests()[0]?.headers.get('Authorization')).toBe('Bearer old')
  })

  it('renews the token once after a 401, and sends the same body again', async () => {
    vi.mocked(fetch)
      .mockResolvedValueOnce(json({}, 401))
      .mockResolvedValueOnce(json({ access_token: 'new' }))
      .mockResolvedValueOnce(json({ job: {} }, 202))
    await call('post', '/api/benchmarks', { body: { targets: [], prompt: 'Hello' } })
    const [, again] = requests()
    expect(again?.headers.get('Authorization')).toBe('Bearer new')
    expect(await again?.json()).toEqual({ targets: [], prompt: 'Hello' })
  })

  it('throws the problem that the server describes', async () => {
    vi.mocked(fetch).mockResolvedValueOnce(json({ title: 'Too many', detail: 'Slow down.' }, 429, { 'Retry-After': '7' }))
    const error = await call('get', '/api/providers').catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(ApiError)
    expect(messageOf(error)).toBe('Slow down. Try again in 7 s.')
  })
})

describe('renewAccess', () => {
  it('shares one request between callers that overlap', async () => {
    vi.mocked(fetch).mockResolvedValueOnce(json({ access_token: 'new' }))
    await Promise.all([renewAccess(), renewAccess(), renewAccess()])
    expect(fetch).toHaveBeenCalledOnce()
  })

  it('tells a refused cookie from a server that cannot be reached', async () => {
    vi.mocked(fetch).mockResolvedValueOnce(json({}, 401)).mockRejectedValueOnce(new TypeError('fetch failed'))
    expect(await renewAccess()).toBeNull()
    await expect(renewAccess()).rejects.toThrow('fetch failed')
  })
})
