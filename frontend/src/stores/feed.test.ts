import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { setAccess } from '../api/access'
import { FakeSocket } from '../testing/fakeSocket'
import { aJob, anEvent, aProgress, aSync } from '../testing/frames'
import { TREND_STEP_MS, useFeedStore } from './feed'

const settle = () => vi.advanceTimersByTimeAsync(0)

function json(body: unknown, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } })
}

async function live(sync = aSync({ active_jobs: [aJob()] })) {
  const feed = useFeedStore()
  feed.open()
  await settle()
  FakeSocket.last.says(sync)
  return feed
}

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  FakeSocket.all = []
  vi.stubGlobal('WebSocket', FakeSocket)
  vi.stubGlobal('fetch', vi.fn(async () => json({ token: 'ticket', expires_in: 30 })))
  vi.spyOn(Math, 'random').mockReturnValue(1)
})

afterEach(() => {
  setAccess(null)
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('the feed', () => {
  it('starts without a position and takes the state of the first sync', async () => {
    const feed = await live()
    expect(FakeSocket.last.query.get('token')).toBe('ticket')
    expect(FakeSocket.last.query.has('since')).toBe(false)
    expect(feed.jobs.get('job-1')?.status).toBe('running')
  })

  it('resumes behind the last number it saw', async () => {
    await live()
    FakeSocket.last.says(anEvent('job_created', 11, aJob({ id: 'job-2', status: 'queued' })))
    FakeSocket.last.hangsUp(1012)
    await vi.advanceTimersByTimeAsync(500)
    expect(FakeSocket.last.query.get('epoch')).toBe('e1')
    expect(FakeSocket.last.query.get('since')).toBe('11')
  })

  it('keeps its jobs when the server resumes', async () => {
    const feed = await live()
    FakeSocket.last.says(aSync({ resumed: true }))
    expect([...feed.jobs.keys()]).toEqual(['job-1'])
  })

  it('replaces everything when the server cannot resume', async () => {
    const feed = await live()
    FakeSocket.last.says(aSync({ epoch: 'e2', seq: 3, recent_jobs: [aJob({ id: 'job-9', status: 'done' })] }))
    expect([...feed.jobs.keys()]).toEqual(['job-9'])
  })

  it('applies an event that is delivered twice once', async () => {
    const feed = await live()
    const heard = vi.fn()
    feed.subscribe(heard)
    const event = anEvent('job_completed', 11, aJob({ status: 'done' }))
    FakeSocket.last.says(event)
    FakeSocket.last.says(event)
    FakeSocket.last.says(anEvent('job_started', 10, aJob()))
    expect(heard).toHaveBeenCalledOnce()
    expect(feed.jobs.get('job-1')?.status).toBe('done')
  })

  it('asks for the full state when an event is missing', async () => {
    const feed = await live()
    FakeSocket.last.says(anEvent('job_completed', 12, aJob({ status: 'done' })))
    expect(feed.jobs.get('job-1')?.status).toBe('running')
    expect(feed.status).toBe('waiting')
    await vi.advanceTimersByTimeAsync(500)
    expect(FakeSocket.last.query.has('since')).toBe(false)
  })

  it('lets the latest progress win', async () => {
    const feed = await live()
    FakeSocket.last.says(aProgress(4))
    FakeSocket.last.says(aProgress(6))
    expect(feed.jobs.get('job-1')?.progress.done).toBe(6)
  })

  it('does not revive an ended job by late progress', async () => {
    const feed = await live()
    FakeSocket.last.says(anEvent('job_cancelled', 11, aJob({ status: 'cancelled' })))
    FakeSocket.last.says(aProgress(6))
    expect(feed.jobs.get('job-1')).toMatchObject({ status: 'cancelled', progress: { done: 1 } })
    expect(feed.trends.has('job-1')).toBe(false)
  })

  it('keeps a trend of the live figures, at most two samples a second', async () => {
    const feed = await live()
    for (let done = 1; done <= 10; done++) {
      FakeSocket.last.says(aProgress(done, { requests_per_s: done }))
      await vi.advanceTimersByTimeAsync(TREND_STEP_MS / 5)
    }
    const trend = feed.trends.get('job-1') ?? []
    expect(trend.length).toBeLessThanOrEqual(4)
    expect(trend.at(-1)?.live.requests_per_s).toBe(10)
  })

  it('shows a job as cancelling until the server says how it ended', async () => {
    const feed = await live()
    vi.mocked(fetch).mockResolvedValueOnce(json({ job: aJob() }, 202))
    await feed.cancel('job-1')
    expect(feed.cancelling.has('job-1')).toBe(true)
    FakeSocket.last.says(anEvent('job_cancelled', 11, aJob({ status: 'cancelled' })))
    expect(feed.cancelling.has('job-1')).toBe(false)
  })

  it('takes the cancelling back when the server refuses', async () => {
    const feed = await live()
    vi.mocked(fetch).mockResolvedValueOnce(json({ title: 'Conflict', detail: 'It has ended.' }, 409))
    await expect(feed.cancel('job-1')).rejects.toThrow('It has ended.')
    expect(feed.cancelling.size).toBe(0)
  })

  it('renews the session once when the ticket is refused, and is signed out when that fails', async () => {
    setAccess({ access_token: 'old' } as never)
    vi.mocked(fetch).mockImplementation(async () => json({ title: 'Not signed in', detail: 'No.' }, 401))
    const feed = useFeedStore()
    feed.open()
    await settle()
    expect(fetch).toHaveBeenCalledTimes(2)
    expect(feed.status).toBe('signed-out')
  })

  it('forgets everything at sign-out', async () => {
    const feed = await live()
    feed.forget()
    expect(feed.jobs.size).toBe(0)
    expect(FakeSocket.last.closedWith).toBe(1000)
    feed.open()
    await settle()
    expect(FakeSocket.last.query.has('since')).toBe(false)
  })
})
