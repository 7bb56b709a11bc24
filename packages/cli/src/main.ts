#!/usr/bin/env node
import module from 'node:module'
import { run } from './run.ts'

// Whatever ends this process without reaching the last line, a promise that never settles included, is a failure.
process.exitCode = 1

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 21)) {
  process.stderr.write(
    `error: angee needs Node 24.21 or newer; this is ${process.versions.node} (${process.execPath})\nhint: Install a newer Node: https://nodejs.org/en/download\n`,
  )
} else {
  module.enableCompileCache()
  // The event loop ran dry with work outstanding: nothing would be said otherwise.
  const saySo = (): void => {
    process.stderr.write(
      'error: angee stopped before it was done; this is a fault in angee\nhint: Run the command again: it first finishes or undoes what was begun.\n',
    )
  }
  process.once('beforeExit', saySo)
  process.exitCode = await run(process.argv.slice(2))
  process.off('beforeExit', saySo)
}
