import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

const manifest = `name: shop
persist:
  app: { subpath: ./data/app }
  uploads: { subpath: ./data/uploads }
`

/** A stack of two directories below a temporary one that is removed after the test. */
export async function makeStack(files: Record<string, string> = {}): Promise<string> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'angee-cli-')))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const all = {
    'angee.yaml': manifest,
    'data/app/one.txt': 'one\n',
    'data/app/two.txt': 'two\n',
    'data/uploads/picture.bin': 'x'.repeat(10_000),
    ...files,
  }
  for (const [path, content] of Object.entries(all)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), content)
  }
  return root
}

/** An error as the program prints it with `-o json`. */
export function errorOf({ stdout }: { stdout: string }): {
  code: string
  message: string
  hint: string
  exitCode: number
} {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
}
