import { AngeeError, type Files, registerSecret } from '@angee/core'

/** 256 bits take so many characters of base64. */
const shortest = 43

/** The token in a file, whose owner it lets do everything. USAGE when it is missing, too short or open to others. */
export async function readOwnToken(path: string, files: Files): Promise<string> {
  const usage = (message: string, hint: string): AngeeError => new AngeeError('USAGE', message, { hint })
  const facts = await files.facts(path)
  const token = (await files.read(path))?.toString().trim()
  if (facts === undefined || token === undefined) {
    throw usage(`there is no token file ${path}`, 'Make one: (umask 077; openssl rand -base64 32 > FILE)')
  }
  if (facts.kind === 'file' && (facts.mode & 0o022) !== 0) {
    throw usage(`${path} can be written by others`, `Run: chmod 600 ${path}`)
  }
  registerSecret(token)
  if (token.length >= shortest && /^[\x21-\x7e]+$/.test(token)) return token
  throw usage(
    `the token in ${path} is too short, or no token: ${shortest} characters or more are needed`,
    'Make one of 256 random bits: openssl rand -base64 32',
  )
}
