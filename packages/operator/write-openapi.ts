import { writeFileSync } from 'node:fs'
import { openApiDocument } from './src/http/document.ts'

/** Writes the OpenAPI document that the package ships. A test compares it with the code. */
writeFileSync(new URL('openapi.json', import.meta.url), `${JSON.stringify(openApiDocument(), undefined, 2)}\n`)
