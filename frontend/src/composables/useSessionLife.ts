/** What follows from signing in and out: the feed, the caches, and the page that is shown. */
import { useQueryCache } from '@pinia/colada'
import { useDocumentVisibility, useEventListener } from '@vueuse/core'
import { watch } from 'vue'
import { useRouter } from 'vue-router'
import { useFeedStore } from '../stores/feed'
import { useSessionStore } from '../stores/session'

export function useSessionLife(): void {
  const session = useSessionStore()
  const feed = useFeedStore()
  const cache = useQueryCache()
  const router = useRouter()
  const visibility = useDocumentVisibility()

  function enter(): void {
    if (feed.status === 'idle' || feed.status === 'signed-out')
      feed.open()
  }

  function leave(): void {
    feed.forget()
    cache.getEntries().forEach(entry => cache.remove(entry))
    const { meta, fullPath } = router.currentRoute.value
    if (!meta.public)
      void router.push({ name: 'sign-in', query: { next: fullPath } })
  }

  function hurry(): void {
    if (feed.status === 'waiting' || feed.status === 'offline')
      feed.open()
  }

  watch(() => session.status, (now, before) => now === 'in' ? enter() : before === 'in' && now === 'out' && leave())
  watch(() => feed.status, status => status === 'signed-out' && session.lose())
  watch(visibility, state => state === 'visible' && hurry())
  useEventListener(window, 'online', hurry)
  useEventListener(window, 'offline', () => feed.status !== 'idle' && feed.goOffline())
}
