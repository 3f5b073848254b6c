/** One benchmark: what was asked, where its job stands now, and its result rows. */
import { useQuery } from '@pinia/colada'
import { computed } from 'vue'
import { call } from '../../api/client'
import { benchmarkKey, jobKey } from '../../api/keys'
import type { Job } from '../../api/types'
import { benchmarkName } from '../../format/targets'
import { isFinal, useFeedStore } from '../../stores/feed'

export function useBenchmarkRun(id: string) {
  const feed = useFeedStore()

  const { data: benchmark, error } = useQuery({
    key: benchmarkKey(id),
    query: () => call('get', '/api/benchmarks/{benchmark_id}', { path: { benchmark_id: id } }),
  })
  const jobId = computed(() => benchmark.value?.job_id ?? '')
  const followed = computed(() => feed.jobs.get(jobId.value))

  // The feed holds open and recent jobs only; an older one is read once.
  const { data: stored } = useQuery({
    key: () => jobKey(jobId.value),
    query: () => call('get', '/api/jobs/{job_id}', { path: { job_id: jobId.value } }),
    enabled: () => jobId.value !== '' && followed.value === undefined,
  })

  const job = computed<Job | undefined>(() => followed.value ?? stored.value)
  const status = computed(() => feed.statusOf(jobId.value, benchmark.value?.status ?? 'queued'))
  const isOpen = computed(() => status.value === 'cancelling' || !isFinal(status.value))
  const trend = computed(() => feed.trends.get(jobId.value) ?? [])
  const name = computed(() => benchmark.value
    ? benchmarkName(benchmark.value.label, benchmark.value.spec.targets)
    : 'Benchmark')

  return { benchmark, error, job, status, isOpen, trend, name }
}
