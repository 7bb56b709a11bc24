import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { archiveBackend } from '@angee/archive'
import { defineBackend, secret } from '@angee/core'
import { z } from 'zod'
import { sqliteObjectStore } from './sqlite-store.ts'

export default defineBackend({
  contract: 1,
  type: 'sqlite',
  options: z.strictObject({
    file: z.string().min(1).default('./backups.db').describe('The database, relative to the stack root.'),
    key: secret(z.string()).optional().describe('Not used here: it shows how a secret is marked.'),
  }),
  async open({ options, stackRoot }) {
    const file = resolve(stackRoot, options.file)
    return archiveBackend('sqlite', sqliteObjectStore(new DatabaseSync(file), file))
  },
  scratch({ options, stackRoot }, name) {
    const file = resolve(stackRoot, `${options.file}.${name}`)
    return {
      options: { ...options, file },
      location: file,
      async remove() {
        for (const path of [file, `${file}-journal`]) await rm(path, { force: true })
      },
    }
  },
})
