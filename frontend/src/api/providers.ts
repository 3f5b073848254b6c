/** The user's providers with their models, as one cached query. */
import { useQuery } from '@pinia/colada'
import { call } from './client'
import { providersKey } from './keys'
import type { Provider } from './types'

async function readAll(): Promise<Provider[]> {
  const all: Provider[] = []
  let cursor: string | undefined
  do {
    const page = await call('get', '/api/providers', { query: { limit: 200, cursor } })
    all.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  return all
}

export function useProviders() {
  return useQuery({ key: providersKey, query: readAll })
}
