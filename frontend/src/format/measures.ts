/** The measures a result shows: names, units, and the precision of their columns. */
import type { ResultRow } from '../api/types'

export type MeasureKey = 'ttft_ms' | 'itl_ms' | 'e2e_ms' | 'output_tps'

export interface Measure {
  key: MeasureKey
  name: string
  meaning: string
  unit: string
  digits: number
}

export const MEASURES: readonly Measure[] = [
  { key: 'ttft_ms', name: 'TTFT', meaning: 'Time to first token', unit: 'ms', digits: 1 },
  { key: 'itl_ms', name: 'ITL', meaning: 'Inter-token latency, a mean per request', unit: 'ms', digits: 2 },
  { key: 'e2e_ms', name: 'E2E', meaning: 'End to end, until the last token', unit: 'ms', digits: 0 },
  { key: 'output_tps', name: 'Output', meaning: 'Output tokens per second of one request', unit: 'tok/s', digits: 1 },
]

/** `concurrency 4`, `2 requests/s`. */
export function levelText(level: Record<string, number>): string {
  return Object.entries(level)
    .map(([name, value]) => name === 'rate' ? `${value} requests/s` : `${name} ${value}`)
    .join(', ')
}

/** `+ 8,000 tokens of context`; nothing for the tier without filler. */
export function tierText(tier: number): string | null {
  return tier > 0 ? `+ ${tier.toLocaleString()} tokens of context` : null
}

/** A key for lists: a row is one target, tier and level. */
export function rowId({ target, tier, level }: Pick<ResultRow, 'tier' | 'level'> & { target: { provider_id: string, model: string } }): string {
  return [target.provider_id, target.model, tier, levelText(level)].join('|')
}
