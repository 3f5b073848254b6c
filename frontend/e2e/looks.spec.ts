import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { startBenchmark, state } from './actions'
import { expect, test } from './fixtures'

const TAGS = ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']
const WIDTHS = [320, 1024, 1920]
const THEMES = ['light', 'dark'] as const

async function settle(page: Page): Promise<void> {
  await page.evaluate(async () => document.fonts.ready)
  await expect(page.getByRole('heading').first()).toBeVisible()
}

async function lookAt(page: Page, name: string): Promise<void> {
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await expect(page.locator('html')).toHaveClass(theme === 'dark' ? /dark/ : /^(?!.*dark)/)
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: width < 600 ? 800 : 1000 })
      await settle(page)
      const overflow = await page.locator('html').evaluate(html => html.scrollWidth - html.clientWidth)
      expect(overflow, `${name} at ${width} px scrolls sideways`).toBeLessThanOrEqual(0)
      await page.screenshot({ path: `test-results/screens/${name}-${theme}-${width}.png`, fullPage: true })
      const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze()
      const found = violations.map(({ id, nodes }) => ({ id, at: nodes.map(({ html }) => html) }))
      expect(found, `${name}, ${theme}, ${width} px`).toEqual([])
    }
  }
}

test('the sign-in page', async ({ page }) => {
  await page.goto('/sign-in')
  await lookAt(page, 'sign-in')
})

test('the empty list and the form', async ({ signedIn: page }) => {
  await lookAt(page, 'empty')
  await page.goto('/benchmarks/new')
  await page.getByText('More settings').click()
  await lookAt(page, 'new')
})

test('a run, from its first request to its results, and the list', async ({ signedIn: page }) => {
  await startBenchmark(page, { model: 'sim-slow', runs: 300, label: 'Slow model, cold cache' })
  await expect(page.getByTestId('requests')).toBeVisible({ timeout: 60_000 })
  await lookAt(page, 'run-live')
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(state(page)).toHaveText('Cancelled')
  await expect(page.getByTestId('results')).toBeVisible()
  await lookAt(page, 'run-cancelled')
  await page.setViewportSize({ width: 1280, height: 900 })
  await startBenchmark(page, { runs: 12 })
  await expect(state(page)).toHaveText('Done', { timeout: 60_000 })
  await lookAt(page, 'run-done')
  await page.goto('/benchmarks')
  await lookAt(page, 'list')
})

test('the providers, and the question before one is deleted', async ({ signedIn: page }) => {
  await page.goto('/providers')
  await page.getByRole('button', { name: 'Add provider' }).click()
  await lookAt(page, 'providers')
  await page.getByLabel('Name').fill('Local vLLM')
  await page.getByLabel('Base URL').fill('http://127.0.0.1:8000/v1')
  await page.getByRole('textbox', { name: 'Models' }).fill('qwen3-32b')
  await page.getByRole('button', { name: 'Add provider' }).click()
  await page.getByRole('button', { name: 'Delete Local vLLM' }).click()
  await expect(page.getByRole('dialog')).toBeVisible()
  await lookAt(page, 'delete')
})

test('the theme chosen by hand survives a reload without a flash', async ({ signedIn: page }) => {
  await page.emulateMedia({ colorScheme: 'light' })
  await page.getByRole('button', { name: 'Theme' }).click()
  await page.getByRole('menuitemcheckbox', { name: 'Dark' }).click()
  await expect(page.locator('html')).toHaveClass(/dark/)
  await page.addInitScript(() => {
    document.addEventListener('DOMContentLoaded', () => {
      (window as unknown as { early: boolean }).early = document.documentElement.classList.contains('dark')
    })
  })
  await page.reload()
  expect(await page.evaluate(() => (window as unknown as { early: boolean }).early)).toBe(true)
})
