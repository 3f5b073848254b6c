import { startBenchmark, state } from './actions'
import { expect, test } from './fixtures'

test('a tab that was offline says so, and catches up', async ({ signedIn: page, context, complaints }) => {
  const chip = page.getByTestId('connection')
  await startBenchmark(page, { runs: 2 })
  await context.setOffline(true)
  await page.evaluate(() => window.dispatchEvent(new Event('offline')))
  await expect(chip).toContainText('Offline')
  await expect(chip).toContainText(/data as of \d\d:\d\d:\d\d/)
  await context.setOffline(false)
  await page.evaluate(() => window.dispatchEvent(new Event('online')))
  await expect(chip).toHaveAttribute('data-status', 'live')
  await expect(state(page)).toHaveText('Done', { timeout: 60_000 })
  // Requests that were under way when the network went are reported by the browser.
  complaints.splice(0, complaints.length, ...complaints.filter(text => !text.includes('ERR_INTERNET_DISCONNECTED')))
})

test('the sixth tab is told that five are open, and connects once one is closed', async ({ signedIn: page, context }) => {
  const tabs = [page]
  while (tabs.length < 5)
    tabs.push(await context.newPage())
  for (const tab of tabs.slice(1))
    await tab.goto('/benchmarks')
  for (const tab of tabs)
    await expect(tab.getByTestId('connection')).toHaveAttribute('data-status', 'live')

  const sixth = await context.newPage()
  await sixth.goto('/benchmarks')
  await expect(sixth.getByTestId('connection')).toHaveAttribute('data-status', 'refused')
  await tabs[1]?.close()
  await sixth.getByRole('button', { name: 'Try again' }).click()
  await expect(sixth.getByTestId('connection')).toHaveAttribute('data-status', 'live')
})
