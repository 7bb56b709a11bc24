import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { requireSame } from './compare.ts'
import type { Demo } from './demo.ts'
import { describeFiles, writeFiles } from './files.ts'
import { say, title } from './words.ts'

const rowCount = 5000

/** Files, a nested persist entry and an SQLite database behind a hook. Needs Node and nothing else. */
export const localDemo: Demo = {
  title: 'A stack: files, uploads nested in them, and an SQLite database behind a hook',

  async run({ directory, copyExample, type }) {
    const data = join(directory, 'data')
    await copyExample('notes')
    await writeFiles(directory)
    writeRows(data)
    await type('cat angee.yaml')
    const files = await describeFiles(data, 'database')
    const rows = readRows(data)
    say(`\nIn it: ${files.length} files and directories, ${rows.length} rows.`)

    title('A snapshot')
    await type('angee stack backup --name before')
    await type('angee stack backup ls')

    title('A disaster')
    await type('rm -r data')

    title('The way back')
    await type('angee stack restore before --dry-run')
    await type('angee stack restore before --yes')

    requireSame('files', files, await describeFiles(data, 'database'))
    requireSame('rows', rows, readRows(data))
    return `${files.length} files and directories (contents by SHA-256, modes, times, links) and ${rows.length} rows`
  },
}

function writeRows(data: string): void {
  mkdirSync(join(data, 'database'))
  using database = openDatabase(data)
  database.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, weight REAL, picture BLOB)')
  const insert = database.prepare('INSERT INTO notes (text, weight, picture) VALUES (?, ?, ?)')
  database.exec('BEGIN')
  for (let index = 1; index <= rowCount; index++) {
    insert.run(`note ${index} – ünïcode`, Math.random(), crypto.getRandomValues(new Uint8Array(64)))
  }
  database.exec('COMMIT')
}

function readRows(data: string): string[] {
  using database = openDatabase(data)
  const rows = database.prepare('SELECT id, text, weight, hex(picture) AS picture FROM notes ORDER BY id').all()
  return rows.map((row) => JSON.stringify(row))
}

function openDatabase(data: string): DatabaseSync {
  return new DatabaseSync(join(data, 'database', 'notes.db'))
}
