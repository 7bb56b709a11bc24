import { registerRuntime } from '@angee/core'
import compose from './descriptor.ts'

registerRuntime(compose)
