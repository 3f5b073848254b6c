/** The live feed: the user's jobs as `/ws` tells them, each numbered event exactly once. */
import { defineStore } from 'pinia'
import { shallowReactive, shallowRef } from 'vue'
import { renewAccess } from '../api/access'
import { call } from '../api/client'
import type { ConnectionInfo, Job, JobStatus, Live, ServerFrame, Sync } from '../api/types'
import { useSocket } from '../composables/useSocket'

type JobProgress = Extract<ServerFrame, { type: 'job_progress' }>

/** How many live samples of a job are kept for its trend lines, and how far apart: the last minute. */
export const TREND_LENGTH = 120
export const TREND_STEP_MS = 500

export interface TrendPoint { at: number, live: Live }

const FINAL: ReadonlySet<JobStatus> = new Set(['done', 'failed', 'cancelled'])

/** Whether nothing can follow. */
export function isFinal(status: JobStatus): boolean {
  return FINAL.has(status)
}

/** Add a sample; one that comes too soon replaces the newest instead. */
function extend(trend: readonly TrendPoint[], point: TrendPoint): readonly TrendPoint[] {
  const before = trend.at(-2)
  const kept = before && point.at - before.at < TREND_STEP_MS ? trend.slice(0, -1) : trend
  return [...kept, point].slice(-TREND_LENGTH)
}

/** What a state chip shows: the server's states, and the wait for a cancel. */
export type ShownStatus = JobStatus | 'cancelling'

function socketUrl(query: Record<string, string>): string {
  const base = new URL('/ws', location.href)
  base.protocol = base.protocol.replace('http', 'ws')
  base.search = new URLSearchParams(query).toString()
  return base.href
}

export const useFeedStore = defineStore('feed', () => {
  const jobs = shallowReactive(new Map<string, Job>())
  const trends = shallowReactive(new Map<string, readonly TrendPoint[]>())
  const cancelling = shallowReactive(new Set<string>())
  const connection = shallowRef<ConnectionInfo | null>(null)
  const listeners = new Set<(frame: ServerFrame) => void>()
  let position: { epoch: string, seq: number } | null = null

  const socket = useSocket({ url: ticketUrl, accept, renew: async () => await renewAccess() !== null })

  async function ticketUrl(): Promise<string> {
    const { token } = await call('post', '/api/auth/ws-ticket')
    return socketUrl({ token, ...position && { epoch: position.epoch, since: String(position.seq) } })
  }

  /** Apply a frame; false when an event is missing before it. */
  function accept(frame: ServerFrame): boolean {
    if (frame.type !== 'sync' && 'seq' in frame) {
      if (!position || frame.seq <= position.seq)
        return true
      if (frame.seq > position.seq + 1) {
        position = null
        return false
      }
      position = { epoch: position.epoch, seq: frame.seq }
    }
    if (apply(frame))
      listeners.forEach(listener => listener(frame))
    return true
  }

  function apply(frame: ServerFrame): boolean {
    if (frame.type === 'sync')
      return sync(frame)
    if (frame.type === 'job_progress')
      return progress(frame)
    if ('job' in frame)
      put(frame.job)
    return true
  }

  function sync(frame: Sync): boolean {
    connection.value = frame.connection
    position = { epoch: frame.epoch, seq: frame.seq }
    if (!frame.resumed) {
      jobs.clear()
      frame.recent_jobs.forEach(put)
      frame.active_jobs.forEach(put)
    }
    return true
  }

  function put(job: Job): void {
    jobs.set(job.id, job)
    if (!isFinal(job.status))
      return
    cancelling.delete(job.id)
    trends.delete(job.id)
  }

  function progress({ job_id, progress, queue_position, live }: JobProgress): boolean {
    const job = jobs.get(job_id)
    if (!job || isFinal(job.status))
      return false
    jobs.set(job_id, { ...job, progress, queue_position })
    if (live)
      trends.set(job_id, extend(trends.get(job_id) ?? [], { at: Date.now(), live }))
    return true
  }

  /** Cancel a job; it reads as cancelling until the server says how it ended. */
  async function cancel(id: string): Promise<void> {
    cancelling.add(id)
    try {
      const { job } = await call('post', '/api/jobs/{job_id}/cancel', { path: { job_id: id } })
      if (isFinal(job.status))
        put(job)
    } catch (error) {
      cancelling.delete(id)
      throw error
    }
  }

  /** What to show for a job that was `stored` when it was last read; an end is never taken back. */
  function statusOf(id: string, stored: JobStatus): ShownStatus {
    const status = isFinal(stored) ? stored : jobs.get(id)?.status ?? stored
    return cancelling.has(id) && !isFinal(status) ? 'cancelling' : status
  }

  /** Hear of every frame that was applied. */
  function subscribe(listener: (frame: ServerFrame) => void): () => void {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }

  function forget(): void {
    socket.close()
    position = null
    connection.value = null
    jobs.clear()
    trends.clear()
    cancelling.clear()
  }

  return {
    jobs, trends, cancelling, connection,
    status: socket.status, retryAt: socket.retryAt, heardAt: socket.heardAt,
    open: socket.open, goOffline: socket.goOffline,
    accept, cancel, statusOf, subscribe, forget,
  }
})
