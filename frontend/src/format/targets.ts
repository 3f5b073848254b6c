/** Names of benchmarks: their label, or what they measure. */
import type { Target } from '../api/types'

/** `sim-fast`, `sim-fast and sim-slow`, `sim-fast and 3 more`. */
export function modelsText(targets: readonly Target[]): string {
  const names = [...new Set(targets.map(({ model }) => model))]
  if (names.length <= 2)
    return names.join(' and ')
  return `${names[0]} and ${names.length - 1} more`
}

/** What to call a benchmark. */
export function benchmarkName(label: string | null | undefined, targets: readonly Target[]): string {
  return label || modelsText(targets)
}
