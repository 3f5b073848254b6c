/** Test fixtures: a server a worker, a signed-in page, and what no page may ever do. */
import { test as base, type BrowserContext, type Page } from '@playwright/test'
import { startServer, type Server } from './server'

interface WorkerFixtures { server: Server }
interface Fixtures {
  /** Complaints of every page of the context; must be empty at the end. */
  complaints: string[]
  account: { email: string, password: string }
  signedIn: Page
}

export const PASSWORD = 'correct horse battery staple'

function watch(context: BrowserContext, origin: string, complaints: string[]): void {
  context.on('console', (message) => {
    if (message.type() === 'error')
      complaints.push(`console: ${message.text()}`)
  })
  context.on('weberror', error => complaints.push(`exception: ${error.error().message}`))
  context.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`) && !request.url().startsWith('blob:'))
      complaints.push(`request to another origin: ${request.url()}`)
  })
  context.on('page', (page) => {
    page.on('websocket', (socket) => {
      if (!socket.url().startsWith(`${origin.replace('http', 'ws')}/`))
        complaints.push(`socket to another origin: ${socket.url()}`)
    })
  })
}

export async function register(page: Page, email: string): Promise<void> {
  await page.goto('/sign-in?mode=register')
  await page.getByLabel('E-mail').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()
  await page.getByRole('heading', { name: 'Benchmarks', level: 1 }).waitFor()
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  // Playwright reads the fixture's needs from this pattern, so it has to be there when it is empty.
  // eslint-disable-next-line no-empty-pattern
  server: [async ({}, use) => {
    const server = await startServer()
    await use(server)
    await server.stop()
  }, { scope: 'worker' }],
  baseURL: async ({ server }, use) => use(server.origin),
  complaints: [async ({ context, server }, use) => {
    const complaints: string[] = []
    watch(context, server.origin, complaints)
    await use(complaints)
    base.expect(complaints).toEqual([])
  }, { auto: true }],
  // eslint-disable-next-line no-empty-pattern
  account: async ({}, use, info) => {
    await use({ email: `${info.testId}-${info.retry}@example.org`, password: PASSWORD })
  },
  signedIn: async ({ page, account }, use) => {
    await register(page, account.email)
    await use(page)
  },
})

export { expect } from '@playwright/test'
