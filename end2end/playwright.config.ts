// Drives the real page of the release build in Chromium. Each test starts a server of its own (server.ts).
import { existsSync } from 'node:fs';
import { defineConfig } from '@playwright/test';

const chromium = '/usr/bin/chromium';
// Without these the browser looks for its maker's servers at every start.
const quiet = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-gpu'];

export default defineConfig({
  testDir: 'tests',
  // Generous: they end a test that hangs, and a slow machine is no failure.
  timeout: 300_000,
  expect: { timeout: 60_000 },
  fullyParallel: true,
  workers: 2,
  reporter: [['list']],
  forbidOnly: !!process.env.CI,
  use: {
    viewport: { width: 1440, height: 900 },
    trace: 'retain-on-failure',
    launchOptions: {
      ...(existsSync(chromium) ? { executablePath: chromium } : { channel: 'chrome' }),
      // A name that is not the loopback's: pages there are not in a secure context.
      args: [...quiet, '--host-resolver-rules=MAP reelgraph.test 127.0.0.1', ...(process.getuid?.() === 0 ? ['--no-sandbox'] : [])],
    },
  },
});
