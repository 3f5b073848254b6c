/** What a result row says beside its figures, in whole sentences. */
import type { Instrument, ResultRow } from '../api/types'
import { decimal, plural } from './numbers'

export interface Note { tone: 'error' | 'warning' | 'plain', icon: string, text: string }

function failures({ requests, warnings }: ResultRow): Note[] {
  // The server's own sentence says more: it quotes the answers.
  if (warnings.some(text => text.includes('requests failed')))
    return []
  return Object.entries(requests.by_error).map(([reason, times]) => ({
    tone: 'error', icon: 'i-lucide-circle-x', text: `${plural(times, 'request')} failed: ${reason.replaceAll('_', ' ')}`,
  }))
}

function warn(texts: readonly string[]): Note[] {
  return texts.map(text => ({ tone: 'warning', icon: 'i-lucide-triangle-alert', text }))
}

/** How late our own stopwatch was. */
export function stopwatchText({ clock, rx_lag_ms, coalesced_pct }: Instrument): string {
  const parts = [`${clock === 'kernel' ? 'Kernel' : 'User-space'} stopwatch`]
  if (rx_lag_ms)
    parts.push(`reader ${decimal(rx_lag_ms.p50, 2)} ms late at p50, ${decimal(rx_lag_ms.p99, 2)} ms at p99`)
  if (coalesced_pct !== null)
    parts.push(`${decimal(coalesced_pct, 1)} % of events arrived merged`)
  return parts.join(' · ')
}

/** Everything to say, worst first. */
export function notesOf(row: ResultRow): Note[] {
  return [
    ...failures(row),
    ...warn([...row.instrument.reasons, ...row.warnings]),
    ...row.adjustments.map((text): Note => ({ tone: 'plain', icon: 'i-lucide-sliders-horizontal', text })),
    { tone: 'plain', icon: 'i-lucide-timer', text: stopwatchText(row.instrument) },
  ]
}
