import { describe, expect, it } from 'vitest'
import type { ResultRow } from '../api/types'
import { notesOf } from './notes'

function row(changes: Partial<ResultRow>): ResultRow {
  return {
    requests: { ok: 2, failed: 0, by_error: {} },
    warnings: [],
    adjustments: [],
    instrument: {
      clock: 'kernel', rx_lag_ms: { p50: 0.02, p99: 0.11, max: 1 }, coalesced_pct: null, trusted: true, reasons: [],
    },
    ...changes,
  } as ResultRow
}

const texts = (changes: Partial<ResultRow>) => notesOf(row(changes)).map(({ text }) => text)

describe('the notes of a row', () => {
  it('always says how late the stopwatch was', () => {
    expect(texts({})).toEqual(['Kernel stopwatch · reader 0.02 ms late at p50, 0.11 ms at p99'])
  })

  it('counts failures by their reason', () => {
    expect(texts({ requests: { ok: 1, failed: 2, by_error: { rate_limited: 2 } } })[0]).toBe('2 requests failed: rate limited')
  })

  it('leaves failures to the server where it has described them', () => {
    const warning = '2 of 3 requests failed: 2 x rate_limited (429: slow down).'
    const shown = texts({ requests: { ok: 1, failed: 2, by_error: { rate_limited: 2 } }, warnings: [warning] })
    expect(shown.filter(text => text.includes('failed'))).toEqual([warning])
  })
})
