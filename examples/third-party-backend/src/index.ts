import { archiveBackend } from '@angee/archive'
import { defineBackend } from '@angee/core'
import { webdavOptions } from './options.ts'
import { remove } from './remove.ts'
import { connect } from './server.ts'
import { webdavObjectStore } from './store.ts'

/** Snapshots on a WebDAV server. */
export default defineBackend({
  contract: 1,
  type: 'webdav',
  options: webdavOptions,
  async open({ options }) {
    return archiveBackend('webdav', webdavObjectStore(options))
  },
  scratch({ options }, name) {
    // With the tilde it is no key, so the repository around it never sees it.
    const scratch = { ...options, url: `${options.url.replace(/\/+$/, '')}/${name}~` }
    return {
      options: scratch,
      location: scratch.url,
      async remove(ctx) {
        const server = connect(scratch)
        try {
          await remove(server, '', ctx)
        } finally {
          server.close()
        }
      },
    }
  },
})
