import { archiveBackend, openEncryption } from '@angee/archive'
import { defineBackend } from '@angee/core'
import { readCertificates } from './certificates.ts'
import { s3Options } from './options.ts'
import { s3ObjectStore } from './store/index.ts'

export type { S3Options } from './options.ts'
export { s3ObjectStore } from './store/index.ts'

/** Snapshots in a bucket on S3 or a compatible server. */
export default defineBackend({
  contract: 1,
  type: 's3',
  options: s3Options,
  async open({ options, stackRoot }) {
    const certificates = options.ca_file === undefined ? undefined : await readCertificates(options.ca_file, stackRoot)
    const encryption = options.encryption && (await openEncryption(options.encryption, stackRoot))
    return archiveBackend('s3', s3ObjectStore(options, certificates), encryption)
  },
})
