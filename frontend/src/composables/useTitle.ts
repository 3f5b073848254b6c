/** `document.title`: the page's words first, the product's name last. */
import { watchEffect } from 'vue'
import { useRouter } from 'vue-router'

export const PRODUCT = 'LLM Benchmark Studio'

function show(words: string | undefined): void {
  document.title = words ? `${words} · ${PRODUCT}` : PRODUCT
}

/** Follow `words` for as long as the calling component lives. */
export function useTitle(words: () => string): void {
  watchEffect(() => show(words()))
}

/** Show each route's own title after every navigation. */
export function useRouteTitles(): void {
  useRouter().afterEach(to => to.meta.title && show(to.meta.title))
}
