import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { AngeeError } from '@angee/core'

/** The certificates of a PEM file. BACKEND_OPTIONS_INVALID where it cannot be read or holds none. */
export async function readCertificates(file: string, stackRoot: string): Promise<string> {
  const path = resolve(stackRoot, file)
  const certificates = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw invalid(path, cause instanceof Error ? cause.message : String(cause), cause)
  })
  if (!certificates.includes('-----BEGIN CERTIFICATE-----')) throw invalid(path, 'it holds no certificate')
  return certificates
}

function invalid(path: string, problem: string, cause?: unknown): AngeeError {
  return new AngeeError('BACKEND_OPTIONS_INVALID', `backup_backend.ca_file: ${path}: ${problem}`, {
    hint: 'Name a readable file with the certificate of the authority in PEM form.',
    context: { path },
    cause,
  })
}
