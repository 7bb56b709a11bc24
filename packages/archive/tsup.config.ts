import { packageBuild } from '../../tsup.base.ts'

export default packageBuild({
  index: 'src/index.ts',
  'tree-worker': 'src/tree/worker.ts',
})
