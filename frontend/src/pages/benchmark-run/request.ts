/** What the request table shows of a request. */
import type { RequestSample } from '../../api/types'

/** `#7`, or `warm-up 1`: both counted from one. */
export function requestName({ index, warmup }: RequestSample): string {
  return warmup ? `warm-up ${index + 1}` : `#${index + 1}`
}

/** Output tokens per second, from the inter-token latency. */
export function outputTps({ itl_ms }: RequestSample): number | null {
  return itl_ms ? 1000 / itl_ms : null
}

export interface Spans { waitPct: number, streamPct: number }

/** The two parts of a request's bar: waiting for the first token, and streaming. */
export function spansOf({ ttft_ms, e2e_ms }: RequestSample, slowestMs: number): Spans | null {
  if (ttft_ms === null)
    return null
  return { waitPct: ttft_ms / slowestMs * 100, streamPct: Math.max(0, (e2e_ms ?? ttft_ms) - ttft_ms) / slowestMs * 100 }
}
