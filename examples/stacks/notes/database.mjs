// The two commands of the hook: `dump FILE` writes a copy of the database to stdout, `restore FILE` reads one on stdin.
import { createReadStream, createWriteStream, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { pipeline } from 'node:stream/promises'

const [command, file = ''] = process.argv.slice(2)
const copy = `${file}.${command}`

// From here on only the last line means success.
process.exitCode = 1
try {
  if (command === 'dump') await dump()
  else if (command === 'restore') await restore()
  else throw new Error(`"${command}" is neither dump nor restore`)
  process.exitCode = 0
} finally {
  rmSync(copy, { force: true })
}

/** SQLite itself makes the copy, so it is one state of the database however much is written meanwhile. */
async function dump() {
  if (!existsSync(file)) throw new Error(`there is no database at ${file}`)
  await copyDatabase(file, copy)
  await pipeline(createReadStream(copy), process.stdout, { end: false })
}

/** The dump is received and checked beside the database; only then its contents replace those of the database. */
async function restore() {
  mkdirSync(dirname(file), { recursive: true })
  await pipeline(process.stdin, createWriteStream(copy))
  await copyDatabase(copy, file)
}

async function copyDatabase(from, to) {
  const database = new DatabaseSync(from)
  try {
    const [{ integrity_check: answer }] = database.prepare('PRAGMA integrity_check(1)').all()
    if (answer !== 'ok') throw new Error(`${from} is damaged: ${answer}`)
    await backup(database, to)
  } finally {
    database.close()
  }
}
