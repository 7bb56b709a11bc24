import { mkdirSync, writeFileSync } from 'node:fs'
import { manifestJsonSchema } from './src/manifest/json-schema.ts'

/** Writes the JSON schema of `angee.yaml` that the package ships. A test compares it with the code. */
const directory = new URL('./schema/', import.meta.url)
mkdirSync(directory, { recursive: true })
writeFileSync(new URL('angee.schema.json', directory), `${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`)
