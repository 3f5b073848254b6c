/** Fills the form once: from the benchmark it repeats, or with the simulator chosen. */
import { ref, watch, type Ref } from 'vue'
import { call } from '../../api/client'
import type { Provider } from '../../api/types'
import { draftFrom, simulatorTarget, type Draft } from './draft'

async function specOf(id: string): Promise<Partial<Draft>> {
  const { spec } = await call('get', '/api/benchmarks/{benchmark_id}', { path: { benchmark_id: id } })
  return draftFrom(spec)
}

export function usePrefill(draft: Draft, providers: Ref<Provider[] | undefined>, from: string | null): Ref<boolean> {
  const isReady = ref(false)

  async function fill(known: readonly Provider[]): Promise<void> {
    // What was deleted since leaves an empty form, not an error.
    const earlier = from === null ? {} : await specOf(from).catch(() => ({}))
    Object.assign(draft, { targets: simulatorTarget(known) }, earlier)
    isReady.value = true
  }

  watch(providers, known => known && !isReady.value && void fill(known), { immediate: true })

  return isReady
}
