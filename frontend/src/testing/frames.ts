/** Frames and jobs for tests, with everything filled in. */
import type { Job, Live, ServerFrame, Sync } from '../api/types'

export function aJob(changes: Partial<Job> = {}): Job {
  return {
    id: 'job-1',
    kind: 'benchmark',
    status: 'running',
    created_at: '2026-11-23T01:00:00.000Z',
    started_at: '2026-11-23T01:00:01.000Z',
    ended_at: null,
    progress: { done: 1, total: 10, pct: 10, eta_s: null, detail: null },
    queue_position: null,
    result_id: 'bench-1',
    error: null,
    attempt: 1,
    resumed: false,
    ...changes,
  }
}

export function aSync(changes: Partial<Sync> = {}): Sync {
  return {
    type: 'sync',
    epoch: 'e1',
    seq: 10,
    resumed: false,
    active_jobs: [],
    recent_jobs: [],
    connection: { id: 'c1', open: 1, limit: 5 },
    server_time: '2026-11-23T01:00:02.000Z',
    version: '1.0.0',
    ...changes,
  }
}

export function aProgress(done: number, live: Partial<Live> | null = {}): ServerFrame {
  return {
    type: 'job_progress',
    job_id: 'job-1',
    progress: { done, total: 10, pct: done * 10, eta_s: 5, detail: null },
    queue_position: null,
    live: live && {
      requests_per_s: 1, output_tokens_per_s: 50, ttft_p50_ms: 100, active_streams: 1, errors: 0, ...live,
    },
  }
}

export function anEvent(type: 'job_created' | 'job_started' | 'job_completed' | 'job_cancelled', seq: number, job: Job): ServerFrame {
  return { type, seq, job }
}
