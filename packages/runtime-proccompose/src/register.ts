import { registerRuntime } from '@angee/core'
import descriptor from './descriptor.ts'

registerRuntime(descriptor)
