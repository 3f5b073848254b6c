/** Keys of the query cache. */
export const providersKey = ['providers'] as const
export const benchmarkKey = (id: string) => ['benchmark', id] as const
export const jobKey = (id: string) => ['job', id] as const
