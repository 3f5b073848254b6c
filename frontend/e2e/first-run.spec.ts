import { gzipSync } from 'node:zlib'
import { expect, PASSWORD, test } from './fixtures'

const FIRST_LOAD_BYTES = 200_000

test('the first visitor makes the first account, signs out and in again', async ({ page, account }) => {
  await page.goto('/')
  await expect(page).toHaveURL(/\/sign-in/)
  await page.getByRole('link', { name: 'Create an account' }).click()
  await expect(page.getByLabel('Password', { exact: true })).toHaveAttribute('autocomplete', 'new-password')
  await page.getByLabel('E-mail').fill(account.email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).click()

  await expect(page.getByText('No benchmark yet')).toBeVisible()
  await expect(page.getByTestId('connection')).toHaveAttribute('data-status', 'live')

  await page.getByRole('button', { name: 'Account' }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await expect(page).toHaveURL(/\/sign-in/)
  await page.getByLabel('E-mail').fill(account.email)
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByTestId('connection')).toHaveAttribute('data-status', 'live')
})

test('a wrong password is refused in words, and nothing is kept of the session', async ({ page, account, complaints }) => {
  await page.goto('/sign-in')
  await page.getByLabel('E-mail').fill(account.email)
  await page.getByLabel('Password', { exact: true }).fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await expect(page.getByRole('alert')).toContainText('Not signed in')
  await expect(page).toHaveURL(/\/sign-in/)
  // The browser itself reports the refused request; that is what was asked for here.
  complaints.splice(0, complaints.length, ...complaints.filter(text => !text.includes('401')))
})

test('every page carries the content security policy and keeps its scripts to itself', async ({ page, server }) => {
  const response = await page.goto('/')
  const policy = response?.headers()['content-security-policy'] ?? ''
  expect(policy).toContain('script-src \'self\'')
  expect(policy).not.toContain('unsafe-eval')
  const sources = await page.locator('script').evaluateAll(scripts => scripts.map(script => (script as HTMLScriptElement).src))
  expect(sources.every(source => source.startsWith(server.origin))).toBe(true)
})

test('the token is nowhere in the storage of the browser', async ({ signedIn }) => {
  const kept = await signedIn.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)
  expect(kept).not.toMatch(/eyJ/)
})

test('the first load brings at most 200 kB of compressed JavaScript', async ({ signedIn, context }, info) => {
  const page = await context.newPage()
  const scripts: Promise<Buffer>[] = []
  page.on('response', (response) => {
    if (new URL(response.url()).pathname.endsWith('.js'))
      scripts.push(response.body())
  })
  await page.goto(signedIn.url(), { waitUntil: 'networkidle' })
  const sizes = (await Promise.all(scripts)).map(body => gzipSync(body).length)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  info.annotations.push({ type: 'first load', description: `${total} bytes` })
  expect(total).toBeGreaterThan(0)
  expect(total).toBeLessThanOrEqual(FIRST_LOAD_BYTES)
})
