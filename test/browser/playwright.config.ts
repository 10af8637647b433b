import { defineConfig } from '@playwright/test';

/** Where `scripts/test-browser.ts` found Chromium, and where it started the demo for this run. */
const chromium = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

export default defineConfig({
  testDir: '.',
  outputDir: '../../test-results',
  timeout: 180_000,
  expect: { timeout: 20_000 },
  // The stories share one demo company and one clock.
  workers: 1,
  fullyParallel: false,
  reporter: [['list']],
  use: {
    baseURL: process.env['DEMO_URL'] ?? 'http://127.0.0.1:4400',
    viewport: { width: 1280, height: 900 },
    actionTimeout: 20_000,
    // Else a page that does not come uses up the whole test, and the report blames whichever step was last.
    navigationTimeout: 30_000,
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: chromium,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
});
