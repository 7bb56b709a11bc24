import { defineConfig } from 'vitest/config'

// Some cases of the suites store 20 MiB in small pieces.
export default defineConfig({ test: { testTimeout: 60_000 } })
