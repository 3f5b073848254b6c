/** A list that the server gives newest first, page by page, and that grows at its head. */
import { computed, ref, shallowRef } from 'vue'

export interface Page<T> { items: T[], next_cursor: string | null }

/**
 * Hold the pages loaded so far.
 *
 * `refresh` reads the first page again and merges it; when more has come in than a page
 * holds there would be a hole, so the list starts over from that page.
 */
export function usePagedList<T extends { id: string }>(load: (cursor?: string) => Promise<Page<T>>) {
  const items = shallowRef<T[]>([])
  const cursor = ref<string | null>(null)
  const isLoaded = ref(false)
  const isLoading = ref(false)
  const error = shallowRef<unknown>(null)

  function merge(head: Page<T>): void {
    const fresh = new Set(head.items.map(({ id }) => id))
    const older = items.value.filter(({ id }) => !fresh.has(id))
    const touches = older.length < items.value.length
    if (!touches || head.next_cursor === null) {
      items.value = head.items
      cursor.value = head.next_cursor
      return
    }
    items.value = [...head.items, ...older]
  }

  function append(page: Page<T>): void {
    const known = new Set(items.value.map(({ id }) => id))
    items.value = [...items.value, ...page.items.filter(({ id }) => !known.has(id))]
    cursor.value = page.next_cursor
  }

  async function read(from: string | undefined, take: (page: Page<T>) => void): Promise<void> {
    isLoading.value = true
    try {
      take(await load(from))
      error.value = null
      isLoaded.value = true
    } catch (reason) {
      error.value = reason
    } finally {
      isLoading.value = false
    }
  }

  return {
    items,
    error,
    isLoaded,
    isLoading,
    hasMore: computed(() => cursor.value !== null),
    refresh: () => read(undefined, merge),
    more: () => read(cursor.value ?? undefined, append),
    remove: (id: string) => void (items.value = items.value.filter(item => item.id !== id)),
  }
}
