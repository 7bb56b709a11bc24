import { packageBuild } from '../../tsup.base.ts'

// `engineSuite` takes the vitest that runs it; bundled, it would be another one.
export default packageBuild({ index: 'src/index.ts' }, { external: ['vitest'] })
