import { archiveBackend, openEncryption } from '@angee/archive'
import { defineBackend } from '@angee/core'
import { readCertificates } from './certificates.ts'
import { type S3Options, s3Options } from './options.ts'
import { s3ObjectStore } from './store/index.ts'
import { locationOf, placeOf } from './store/place.ts'
import { removeAll } from './store/remove-all.ts'

export type { S3Options } from './options.ts'
export { s3ObjectStore } from './store/index.ts'

/** Snapshots in a bucket on S3 or a compatible server. */
export default defineBackend({
  contract: 1,
  type: 's3',
  options: s3Options,
  async open({ options, stackRoot }) {
    const certificates = await certificatesOf(options, stackRoot)
    const encryption = options.encryption && (await openEncryption(options.encryption, stackRoot))
    return archiveBackend('s3', s3ObjectStore(options, certificates), encryption)
  },
  scratch({ options, stackRoot }, name) {
    // With the tilde it is no key, so the repository around it never sees it. What is locked could not be removed.
    const { object_lock: _, prefix, ...rest } = options
    const scratch = { ...rest, prefix: [...(prefix === undefined ? [] : [prefix]), `${name}~`].join('/') }
    return {
      options: scratch,
      location: locationOf(scratch),
      async remove(ctx) {
        using place = placeOf(scratch, await certificatesOf(scratch, stackRoot))
        await removeAll(place, ctx)
      },
    }
  },
})

async function certificatesOf({ ca_file: file }: S3Options, stackRoot: string): Promise<string | undefined> {
  return file === undefined ? undefined : readCertificates(file, stackRoot)
}
