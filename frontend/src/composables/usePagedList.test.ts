import { describe, expect, it, vi } from 'vitest'
import { usePagedList, type Page } from './usePagedList'

type Item = { id: string, mark?: string }

const page = (ids: string, next: string | null = null): Page<Item> => ({
  items: [...ids].map(id => ({ id })), next_cursor: next,
})
const ids = (items: Item[]) => items.map(({ id }) => id).join('')

describe('usePagedList', () => {
  it('puts what is new on top of the pages it has', async () => {
    const load = vi.fn().mockResolvedValueOnce(page('dc', 'b')).mockResolvedValueOnce(page('ba'))
      .mockResolvedValueOnce(page('ed', 'c'))
    const list = usePagedList<Item>(load)
    await list.refresh()
    await list.more()
    await list.refresh()
    expect(ids(list.items.value)).toBe('edcba')
    expect(list.hasMore.value).toBe(false)
  })

  it('replaces an item that came again', async () => {
    const load = vi.fn().mockResolvedValueOnce(page('ba', 'x'))
      .mockResolvedValueOnce({ items: [{ id: 'b', mark: 'new' }], next_cursor: 'x' })
    const list = usePagedList<Item>(load)
    await list.refresh()
    await list.refresh()
    expect(list.items.value).toEqual([{ id: 'b', mark: 'new' }, { id: 'a' }])
  })

  it('starts over when more has come in than a page holds', async () => {
    const load = vi.fn().mockResolvedValueOnce(page('ba', 'x')).mockResolvedValueOnce(page('zy', 'x'))
    const list = usePagedList<Item>(load)
    await list.refresh()
    await list.refresh()
    expect(ids(list.items.value)).toBe('zy')
    expect(list.hasMore.value).toBe(true)
  })

  it('keeps what it shows when a refresh fails', async () => {
    const load = vi.fn().mockResolvedValueOnce(page('a')).mockRejectedValueOnce(new TypeError('fetch failed'))
    const list = usePagedList<Item>(load)
    await list.refresh()
    await list.refresh()
    expect(ids(list.items.value)).toBe('a')
    expect(list.error.value).toBeInstanceOf(TypeError)
  })
})
