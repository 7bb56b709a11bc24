import { execFileSync } from 'node:child_process'
import { createCipheriv, createHash, randomBytes, scryptSync } from 'node:crypto'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/*
 * restic spends half a second of CPU on the key of a repository, so that a stolen one resists guessing. The contract
 * suite starts restic a thousand times; its repositories therefore have a key file with the same password and the
 * weakest parameters restic still takes. Nothing outside tests makes such a key.
 */
const weakest = { N: 2, r: 1, p: 1 }

interface MasterKey {
  mac: { k: string; r: string }
  encrypt: string
}

/** Puts a weak key file in the place of the keys of a repository on this machine. */
export function cheapenKey(repository: string, password: string, restic: string): void {
  const env = { ...process.env, RESTIC_PASSWORD: password, RESTIC_REPOSITORY: repository }
  const master = execFileSync(restic, ['cat', 'masterkey', '--no-cache'], { env })
  const keys = join(repository, 'keys')
  for (const name of readdirSync(keys)) rmSync(join(keys, name))
  const salt = randomBytes(64)
  const user = scryptSync(password, salt, 64, weakest)
  const data = sealed(JSON.parse(String(master)) as MasterKey, user).toString('base64')
  const created = new Date().toISOString()
  const file = Buffer.from(
    JSON.stringify({
      created,
      username: 'test',
      hostname: 'test',
      kdf: 'scrypt',
      ...weakest,
      salt: salt.toString('base64'),
      data,
    }),
  )
  writeFileSync(join(keys, createHash('sha256').update(file).digest('hex')), file, { mode: 0o600 })
}

/** AES-256 in counter mode and Poly1305-AES, as restic's design document says: nonce, ciphertext, tag. */
function sealed(master: MasterKey, user: Buffer): Buffer {
  const nonce = randomBytes(16)
  const cipher = createCipheriv('aes-256-ctr', user.subarray(0, 32), nonce)
  const text = Buffer.concat([cipher.update(JSON.stringify(master)), cipher.final()])
  const block = createCipheriv('aes-128-ecb', user.subarray(32, 48), null).setAutoPadding(false)
  const mask = Buffer.concat([block.update(nonce), block.final()])
  return Buffer.concat([nonce, text, poly1305(text, user.subarray(48, 64), mask)])
}

function poly1305(text: Buffer, key: Buffer, mask: Buffer): Buffer {
  const clamped = Buffer.from(key)
  for (const index of [3, 7, 11, 15]) clamped[index] = (clamped[index] ?? 0) & 15
  for (const index of [4, 8, 12]) clamped[index] = (clamped[index] ?? 0) & 252
  const factor = littleEndian(clamped)
  let sum = 0n
  for (let at = 0; at < text.length; at += 16) {
    const piece = littleEndian(Buffer.concat([text.subarray(at, at + 16), Buffer.of(1)]))
    sum = ((sum + piece) * factor) % ((1n << 130n) - 5n)
  }
  const tag = (sum + littleEndian(mask)) & ((1n << 128n) - 1n)
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse()
}

function littleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
}
