import { packageBuild } from '../../tsup.base.ts'

export default packageBuild({
  index: 'src/index.ts',
  'catalog/index': 'src/catalog/index.ts',
  'errors/index': 'src/errors/index.ts',
  'listing/index': 'src/listing/index.ts',
  'posix/index': 'src/posix/index.ts',
  'retention/index': 'src/retention/index.ts',
})
