/** Writes what the feed brings into the query cache, so that open pages change without asking. */
import { useQueryCache } from '@pinia/colada'
import { onScopeDispose } from 'vue'
import { benchmarkKey } from '../api/keys'
import type { Benchmark, ResultRow, ServerFrame } from '../api/types'
import { useFeedStore } from '../stores/feed'

function rowKey({ target, tier, level }: ResultRow): string {
  return JSON.stringify([target.provider_id, target.model, tier, level])
}

/** Put a final row in the place of an earlier one for the same target, tier and level. */
export function withRow(benchmark: Benchmark, row: ResultRow): Benchmark {
  const others = benchmark.results.filter(known => rowKey(known) !== rowKey(row))
  return { ...benchmark, results: [...others, row] }
}

export function useFeedCache(): void {
  const feed = useFeedStore()
  const cache = useQueryCache()

  function addRow(jobId: string, row: ResultRow): void {
    const benchmarkId = feed.jobs.get(jobId)?.result_id
    const key = benchmarkId && benchmarkKey(benchmarkId)
    const known = key ? cache.getQueryData<Benchmark>(key) : undefined
    if (key && known)
      cache.setQueryData(key, withRow(known, row))
  }

  function hear(frame: ServerFrame): void {
    if (frame.type === 'sync' && !frame.resumed)
      void cache.invalidateQueries()
    else if (frame.type === 'benchmark_result')
      addRow(frame.job_id, frame.result)
    else if ('job' in frame)
      void cache.invalidateQueries({ key: benchmarkKey(frame.job.result_id) })
  }

  onScopeDispose(feed.subscribe(hear))
}
