// SPDX-License-Identifier: EUPL-1.2
import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from '@playwright/test'

// Debian's Chromium, or whatever SAMSYN_CHROMIUM names; Playwright's own build is downloaded from elsewhere and not needed.
const places = [process.env.SAMSYN_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const executablePath = places.find((place) => place && existsSync(place))
if (!executablePath) throw new Error('Chromium is needed and not found: make need-browser')

// The pages have no scripts, so nobody gets any: what works here works for everybody.
export default defineConfig({
  testDir: '.',
  outputDir: join(tmpdir(), 'samsyn-e2e'),
  timeout: 120_000,
  expect: { timeout: 15_000 },
  workers: 2,
  retries: 0,
  forbidOnly: true,
  reporter: [['list', { printSteps: false }]],
  use: {
    baseURL: process.env.SAMSYN_E2E_URL,
    javaScriptEnabled: false,
    locale: 'sv-SE',
    timezoneId: 'Europe/Stockholm',
    actionTimeout: 15_000,
    launchOptions: { executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] },
  },
  projects: [
    { name: 'people', testIgnore: 'speed.spec.js' },
    // Measured when nothing else runs.
    { name: 'speed', testMatch: 'speed.spec.js', dependencies: ['people'] },
  ],
})
